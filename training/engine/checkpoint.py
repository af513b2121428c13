"""A checkpoint: all that a stopped run resumes from, written atomically."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning_fabric import Fabric

from training.core.errors import RunError
from training.core.history import Epoch
from training.engine.processes import spread, total


class Step(NamedTuple):
    """The result of one batch, in this process."""

    number: int
    """Within the epoch, counted from 1."""
    loss: float
    correct: int
    samples: int


class Progress(NamedTuple):
    """How far an unfinished epoch has come, over all processes."""

    steps: int = 0
    loss: float = 0.0
    """Sum over the samples."""
    correct: float = 0
    samples: float = 0
    seconds: float = 0.0

    def add(self, step: Step) -> Progress:
        """The progress after another step."""
        return Progress(
            step.number, self.loss + step.loss * step.samples, self.correct + step.correct, self.samples + step.samples,
            self.seconds,
        )  # fmt: skip

    def describe(self, epoch: int, epochs: int) -> str:
        """The progress in epoch `epoch` of `epochs` as a line of text."""
        loss, accuracy = self.loss / self.samples, self.correct / self.samples
        return f"epoch {epoch}/{epochs}  loss {loss:.4f}  accuracy {accuracy:.2%}"


class Checkpoint(NamedTuple):
    """What `load` reads."""

    history: list[Epoch]
    progress: Progress
    """Of the epoch after the history's last."""
    rng: list[torch.Tensor]
    """State of each process' random number generator; empty between epochs."""


def save(
    path: Path, fabric: Fabric, state: dict[str, Any], history: list[Epoch], progress: Progress | None = None
) -> None:
    """Write everything needed to resume, atomically: a kill leaves the old file or the new one.

    Args:
        path: The file.
        fabric: Of all processes.
        state: What has a `state_dict`, by name.
        history: The finished epochs.
        progress: Of the unfinished epoch; each process passes its own.
    """
    fresh = path.with_name(f"{path.name}.new")
    found: dict[str, Any] = {"history": [line.model_dump() for line in history]}
    if progress is not None:
        _, *sums, seconds = progress
        found["progress"] = [progress.steps, *total(fabric, list(sums)), seconds]
        rng = spread(fabric, _rng_state(fabric.device)[None], fabric.world_size)
        found["rng"] = list(rng.cpu())
    fabric.save(fresh, state | found)
    if fabric.is_global_zero:
        fresh.replace(path)
    fabric.barrier()


def load(path: Path, fabric: Fabric, state: dict[str, Any]) -> Checkpoint:
    """Restore `state` from what `save` wrote.

    Raises:
        RunError: If the file cannot be read, or does not fit.
    """
    try:
        found = fabric.load(path, state)
    except (RuntimeError, KeyError, ValueError, OSError, pickle.UnpicklingError, EOFError) as error:
        raise RunError(f"{path}: cannot be read or is another network's; start over with --force") from error
    progress = Progress(*found.get("progress", ()))
    if not fabric.is_global_zero:  # the sums are over all processes, and will be summed over them again
        progress = Progress(steps=progress.steps, seconds=progress.seconds)
    return Checkpoint([Epoch(**line) for line in found["history"]], progress, found.get("rng", []))


def _rng_state(device: torch.device) -> torch.Tensor:
    """State of the random number generator that dropout uses on a device."""
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def set_rng_state(state: torch.Tensor, device: torch.device) -> None:
    """Restore what `_rng_state` returned."""
    if device.type == "cuda":
        torch.cuda.set_rng_state(state.cpu(), device)
    else:
        torch.set_rng_state(state.cpu())
