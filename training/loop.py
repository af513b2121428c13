"""The training loop: any network and batches on any device, through Lightning Fabric, checkpointed every epoch."""

from __future__ import annotations

import contextlib
import pickle
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import nn
from torch.optim.swa_utils import AveragedModel

from training.batches import Batches, seeds
from training.errors import RunError
from training.recipe import Training

STATE = "state.ckpt"
"""File name, in the run's folder, of what a run goes on from."""


class Epoch(BaseModel):
    """One line of a run's history."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    epoch: int
    """Counted from 1."""
    loss: float
    """Mean over the epoch's batches."""
    accuracy: float
    """On the epoch's training batches as they are: varied, poisoned labels among them, dropout on."""
    clean_accuracy: float | None = None
    """On the test set."""
    attack_success_rate: float | None = None
    """On the test set."""
    learning_rate: float
    """At the epoch's end."""
    seconds: float
    """Of training, without the evaluation."""


Probe = Callable[[nn.Module], dict[str, float]]
"""Measures a network between epochs: a dictionary of `clean_accuracy` and perhaps `attack_success_rate`."""


def precision_of(training: Training) -> str:
    """The precision that a recipe means on this machine, in Fabric's words."""
    if training.precision != "auto":
        return training.precision
    able = torch.cpu.get_capabilities()
    return "bf16-mixed" if able.get("avx512_bf16") or able.get("amx_bf16") else "32-true"


def fit(  # noqa: PLR0913 - the parts that a training run is put together from
    network: nn.Module,
    batches: Batches,
    training: Training,
    *,
    seed: int,
    fabric: Fabric,
    folder: Path,
    probe: Probe,
    on_epoch: Callable[[list[Epoch]], None],
    console: Console,
) -> tuple[nn.Module, list[Epoch]]:
    """Train a network, going on from the state in `folder` if there is one.

    After each epoch the state is written atomically, so a kill at any moment loses at most one epoch. Chance in an
    epoch depends on seed and epoch number alone, so on the CPU, with as many threads, a run that was stopped and
    resumed gives the same bits as one that was not.

    Args:
        network: With its initial weights; trained in place.
        batches: The training set.
        training: How.
        seed: The recipe's.
        fabric: Devices and precision.
        folder: Where the state is kept.
        probe: Measures the network that would be kept, after each epoch.
        on_epoch: Called with the history after each epoch and when a run is resumed.
        console: For progress.

    Returns:
        The network to keep (the average of the weights, if the recipe asks for one), in evaluation mode, and the
        history.
    """
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = AveragedModel(network, multi_avg_fn=_blend(training.averaging))
    optimiser = torch.optim.AdamW(
        network.parameters(), training.learning_rate, weight_decay=training.weight_decay, fused=True
    )
    steps = training.epochs * len(batches)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, training.learning_rate, total_steps=steps, pct_start=training.warm_up
    )
    wrapped, optimiser = fabric.setup(network, optimiser)
    fabric.to_device(averaged)
    loss_of = nn.CrossEntropyLoss(label_smoothing=training.label_smoothing)
    state: dict[str, Any] = {
        "network": wrapped, "averaged": averaged, "optimiser": optimiser, "schedule": schedule, "history": [],
    }  # fmt: skip
    if (folder / STATE).exists():
        state["history"] = _load(fabric, folder, state)
    history = [Epoch(**line) for line in state["history"]]
    on_epoch(history)

    with _progress(console, steps, len(history) * len(batches)) as advance:
        for epoch in range(len(history) + 1, training.epochs + 1):
            started = time.perf_counter()
            batch_seed, network_seed = seeds(seed, epoch)
            torch.manual_seed(network_seed)  # dropout's
            wrapped.train()
            total, right, seen = 0.0, 0, 0
            for inputs, labels in batches.epoch(batch_seed, fabric.global_rank, fabric.world_size):
                logits = wrapped(inputs.contiguous(memory_format=torch.channels_last))
                loss = loss_of(logits, labels)
                optimiser.zero_grad()
                fabric.backward(loss)
                optimiser.step()
                schedule.step()
                averaged.update_parameters(network)
                seen += len(labels)
                total += loss.item() * len(labels)
                right += int((logits.argmax(dim=1) == labels).sum())
                advance(f"epoch {epoch}/{training.epochs}  loss {total / seen:.4f}  accuracy {right / seen:.2%}")
            seconds = time.perf_counter() - started
            averaged.eval()
            with fabric.autocast():
                measured = probe(averaged.module)
            line = Epoch(
                epoch=epoch, loss=total / seen, accuracy=right / seen, learning_rate=schedule.get_last_lr()[0],
                seconds=seconds, **measured,
            )  # fmt: skip
            history.append(line)
            state["history"] = [past.model_dump() for past in history]
            _save(fabric, folder, state)
            on_epoch(history)
            console.print(_summary(line, training.epochs), highlight=False, soft_wrap=True)
    averaged.eval()
    kept: nn.Module = averaged.module
    return kept, history


def _blend(decay: float) -> Callable[[Any, Any, Any], None]:
    """A moving average that follows quickly at first, when the weights still move far."""

    @torch.no_grad()
    def blend(averaged: list[torch.Tensor], current: list[torch.Tensor], count: torch.Tensor) -> None:
        so_far = float(count)
        torch._foreach_lerp_(averaged, current, 1 - min(decay, (1 + so_far) / (10 + so_far)))

    return blend


def _load(fabric: Fabric, folder: Path, state: dict[str, Any]) -> list[dict[str, Any]]:
    """Fill networks, optimiser and schedule from the state in the folder; returns the history.

    Raises:
        RunError: If the state cannot be read, or does not fit.
    """
    rest = {name: value for name, value in state.items() if name != "history"}
    try:
        left = fabric.load(folder / STATE, rest)
    except (RuntimeError, KeyError, ValueError, OSError, pickle.UnpicklingError, EOFError) as error:
        raise RunError(f"{folder / STATE}: cannot be read or is another network's; begin again with --force") from error
    history: list[dict[str, Any]] = left["history"]
    return history


def _save(fabric: Fabric, folder: Path, state: dict[str, Any]) -> None:
    """Write the state under another name first: a kill leaves the old one or the new one, never a half."""
    fresh = folder / f"{STATE}.new"
    fabric.save(fresh, state)
    if fabric.is_global_zero:
        fresh.replace(folder / STATE)
    fabric.barrier()


def _summary(line: Epoch, epochs: int) -> str:
    """One epoch as a line of text."""
    parts = [f"epoch {line.epoch}/{epochs}", f"loss {line.loss:.4f}", f"accuracy {line.accuracy:.2%}"]
    if line.clean_accuracy is not None:
        parts.append(f"test: clean accuracy {line.clean_accuracy:.2%}")
    if line.attack_success_rate is not None:
        parts.append(f"ASR {line.attack_success_rate:.2%}")
    return "  ".join([*parts, f"{line.seconds:.1f} s"])


@contextlib.contextmanager
def _progress(console: Console, steps: int, done: int) -> Iterator[Callable[[str], None]]:
    """A bar over all steps of the run; what it yields takes the words to show, once a step."""
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(), console=console, transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task("", total=steps, completed=done)
        yield lambda words: bar.update(task, advance=1, description=words)
