"""The training loop: any network and batches on any device, through Lightning Fabric, checkpointed every epoch."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pydantic import BaseModel, ConfigDict
from rich.console import Console
from torch import nn
from torch.optim.swa_utils import AveragedModel

from training.core.errors import RunError
from training.core.progress import progress_bar
from training.engine.batches import Batch, Batches, seeds
from training.engine.processes import Stop, Stopped, layout, spread, total, under_srun
from training.engine.srun import Srun
from training.recipes.scratch import Training

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


Ask = Callable[[torch.Tensor], torch.Tensor]
"""From inputs `(n, c, h, w)` to the averaged network's logits `(n, classes) float32`, which nothing learns from."""
Objective = Callable[[torch.Tensor, Batch, Ask, int], torch.Tensor]
"""The loss of a batch, from its logits, the batch, the averaged network and the epoch, counted from 1."""


def labelled(training: Training) -> Objective:
    """Cross-entropy with the labels: what a network is usually trained for."""
    loss = nn.CrossEntropyLoss(label_smoothing=training.label_smoothing)
    return lambda logits, batch, _ask, _epoch: loss(logits, batch.labels)


Probe = Callable[[nn.Module], dict[str, float]]
"""Measures a network between epochs: a dictionary of `clean_accuracy` and perhaps `attack_success_rate`."""


def precision_of(training: Training) -> str:
    """The precision that a recipe means on this machine, in Fabric's words."""
    if training.precision != "auto":
        return training.precision
    able = torch.cpu.get_capabilities()
    return "bf16-mixed" if able.get("avx512_bf16") or able.get("amx_bf16") else "32-true"


def fabric_for(training: Training, device: str, devices: str | int) -> Fabric:
    """Devices and precision; `device` and `devices` are Fabric's `accelerator` and `devices`.

    Under torchrun or srun their processes train together, and `devices` may stay `auto`.

    Raises:
        RunError: If this machine has no such device, or not every process can have a share of a batch.
    """
    wanted = layout(devices)
    # Fabric itself would take a batch script's lone process for a task of srun and wait for the others
    group = (Srun if under_srun() else TorchElasticEnvironment) if wanted.launched else LightningEnvironment
    try:
        fabric = Fabric(
            accelerator=device, devices=wanted.devices, num_nodes=wanted.nodes, strategy=wanted.strategy,
            precision=precision_of(training), plugins=[group()],  # type: ignore[arg-type]
        )  # fmt: skip
        fabric.launch()
    except (ValueError, RuntimeError, MisconfigurationException) as error:
        raise RunError(f"device '{device}': {str(error).splitlines()[0]}") from error
    if fabric.world_size > training.batch_size:
        raise RunError(f"{fabric.world_size} processes cannot share out a batch of {training.batch_size}")
    return fabric


class Step(NamedTuple):
    """What one batch did, in this process."""

    number: int
    """Of the epoch, counted from 1."""
    loss: float
    right: int
    samples: int


class Progress(NamedTuple):
    """How far an epoch that was stopped in its middle had come, over all processes."""

    steps: int = 0
    loss: float = 0.0
    """Sum over the samples."""
    right: float = 0
    samples: float = 0
    seconds: float = 0.0

    def add(self, step: Step) -> Progress:
        """One step further."""
        return Progress(
            step.number, self.loss + step.loss * step.samples, self.right + step.right, self.samples + step.samples,
            self.seconds,
        )  # fmt: skip


class Left(NamedTuple):
    """What `Trainer.load` found."""

    history: list[Epoch]
    progress: Progress
    """Of the epoch after the history's last."""
    chance: list[torch.Tensor]
    """Where each process' source of chance stood; empty between epochs."""


class Trainer:
    """A network with its optimiser, schedule and average of weights, trained a batch at a time."""

    def __init__(  # noqa: PLR0913, PLR0917 - what training is made of
        self,
        network: nn.Module,
        batches: Batches,
        training: Training,
        seed: int,
        fabric: Fabric,
        objective: Objective | None = None,
    ) -> None:
        """Put a network with its initial weights on the device; it is trained in place.

        Args:
            network: With its initial weights.
            batches: What it learns from.
            training: How.
            seed: Of the run.
            fabric: Where.
            objective: What is made small; default is `labelled`.
        """
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network, self.batches, self.seed, self.fabric = network, batches, seed, fabric
        self.training = training
        self.averaged = AveragedModel(network, multi_avg_fn=_blend(training.ema_decay)).eval()
        optimiser = torch.optim.AdamW(
            network.parameters(), training.learning_rate, weight_decay=training.weight_decay, fused=True
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser,
            training.learning_rate,
            total_steps=training.epochs * len(batches),
            pct_start=training.warm_up,
        )
        self.wrapped, self.optimiser = fabric.setup(network, optimiser)
        fabric.to_device(self.averaged)
        self._objective = objective or labelled(training)

    @property
    def kept(self) -> nn.Module:
        """The network that is evaluated and kept: the average of the weights, the last ones if its decay is 0."""
        return self.averaged.module

    def steps(self, epoch: int, after: int = 0, chance: list[torch.Tensor] | None = None) -> Iterator[Step]:
        """Train one epoch, counted from 1. Chance in it depends on seed and epoch alone.

        Args:
            epoch: Which one.
            after: Steps of it that were done before.
            chance: What `chance` gave after those steps.
        """
        rank, world = self.fabric.global_rank, self.fabric.world_size
        batch_seed, network_seed = seeds(self.seed, epoch)
        # dropout's; pictures are shared out among processes, and their dropout must differ
        torch.manual_seed(network_seed + rank + after * world)
        if chance and len(chance) == world:
            _set_chance(chance[rank], self.fabric.device)
        self.wrapped.train()
        fade = self.training.annealed_augmentation
        strength = fade.strength(epoch, self.training.epochs) if fade else 1.0
        batches = self.batches.epoch(batch_seed, rank, world, skip=after, strength=strength)
        for number, batch in enumerate(batches, start=after + 1):
            labels = batch.labels
            logits = self.wrapped(batch.inputs.contiguous(memory_format=torch.channels_last))
            loss = self._objective(logits, batch, self._ask, epoch)
            self.optimiser.zero_grad()
            # gradients are averaged over processes; a larger share of the batch weighs more
            self.fabric.backward(loss if world == 1 else loss * (len(labels) * world / self.batches.size))
            self.optimiser.step()
            self.schedule.step()
            self.averaged.update_parameters(self.network)
            yield Step(number, loss.item(), int((logits.argmax(dim=1) == labels).sum()), len(labels))

    def save(self, path: Path, history: list[Epoch], progress: Progress | None = None) -> None:
        """Write all that training goes on from, under another name first, so that a kill leaves the old or the new.

        Args:
            path: The file.
            history: The epochs that are done.
            progress: In the epoch that is not; every process calls with its own.
        """
        fresh = path.with_name(f"{path.name}.new")
        found: dict[str, Any] = {"history": [line.model_dump() for line in history]}
        if progress is not None:
            _, *sums, seconds = progress
            found["progress"] = [progress.steps, *total(self.fabric, list(sums)), seconds]
            chance = spread(self.fabric, _chance(self.fabric.device)[None], self.fabric.world_size)
            found["chance"] = list(chance.cpu())
        self.fabric.save(fresh, self._state() | found)
        if self.fabric.is_global_zero:
            fresh.replace(path)
        self.fabric.barrier()

    def load(self, path: Path) -> Left:
        """Go on from what `save` wrote.

        Raises:
            RunError: If the file cannot be read, or does not fit.
        """
        try:
            left = self.fabric.load(path, self._state())
        except (RuntimeError, KeyError, ValueError, OSError, pickle.UnpicklingError, EOFError) as error:
            raise RunError(f"{path}: cannot be read or is another network's; begin again with --force") from error
        progress = Progress(*left.get("progress", ()))
        if not self.fabric.is_global_zero:  # the sums are of all processes, and are summed over them again
            progress = Progress(steps=progress.steps, seconds=progress.seconds)
        return Left([Epoch(**line) for line in left["history"]], progress, left.get("chance", []))

    @torch.no_grad()
    def _ask(self, inputs: torch.Tensor) -> torch.Tensor:
        """The averaged network's logits."""
        with self.fabric.autocast():
            logits: torch.Tensor = self.kept(inputs.contiguous(memory_format=torch.channels_last))
        return logits.float()

    def _state(self) -> dict[str, Any]:
        return {
            "network": self.wrapped,
            "averaged": self.averaged,
            "optimiser": self.optimiser,
            "schedule": self.schedule,
        }


def fit(  # noqa: PLR0913 - what happens around the training
    trainer: Trainer,
    epochs: int,
    *,
    folder: Path,
    probe: Probe,
    on_epoch: Callable[[list[Epoch]], None],
    console: Console,
) -> list[Epoch]:
    """Train all epochs, going on from the state in `folder` if there is one.

    After each epoch the state is written atomically, so a kill at any moment loses at most one epoch; a signal to stop
    (SIGTERM, as Slurm sends when it takes a machine away) loses nothing. On the CPU, with as many threads and
    processes, a run that was stopped and resumed gives the same bits as one that was not.

    Args:
        trainer: What is trained.
        epochs: How many in all.
        folder: Where the state is kept.
        probe: Measures the network that would be kept, after each epoch.
        on_epoch: Called with the history after each epoch and when a run is resumed.
        console: For progress.

    Returns:
        The history.

    Raises:
        RunError: If the state in the folder cannot be read.
        Stopped: If a signal said so; the state is written.
    """
    state, batches = folder / STATE, len(trainer.batches)
    left = trainer.load(state) if state.exists() else Left([], Progress(), [])
    history = left.history
    on_epoch(history)
    done = len(history) * batches + left.progress.steps
    with Stop() as stop, progress_bar(console, "", epochs * batches, done) as advance:
        for epoch in range(len(history) + 1, epochs + 1):
            started = time.perf_counter() - left.progress.seconds
            progress = left.progress
            for step in trainer.steps(epoch, progress.steps, left.chance):
                progress = progress.add(step)
                advance(
                    1,
                    f"epoch {epoch}/{epochs}  loss {progress.loss / progress.samples:.4f}  "
                    f"accuracy {progress.right / progress.samples:.2%}",
                )
                told = stop.agreed(trainer.fabric, step.number)
                if told and step.number < batches:
                    trainer.save(state, history, progress._replace(seconds=time.perf_counter() - started))
                    raise Stopped(told, f"epoch {epoch} of {epochs}, step {step.number} of {batches}")
            left = Left(history, Progress(), [])
            seconds = time.perf_counter() - started
            loss, right, samples = total(trainer.fabric, [progress.loss, progress.right, progress.samples])
            with trainer.fabric.autocast():
                measured = probe(trainer.kept)
            line = Epoch(
                epoch=epoch,
                loss=loss / samples,
                accuracy=right / samples,
                learning_rate=trainer.schedule.get_last_lr()[0],
                seconds=seconds,
                **measured,
            )
            history.append(line)
            trainer.save(state, history)
            on_epoch(history)
            console.print(_summary(line, epochs), highlight=False, soft_wrap=True)
            if epoch < epochs and (told := stop.agreed(trainer.fabric, 0)):
                raise Stopped(told, f"epoch {epoch} of {epochs} done")
    return history


def _chance(device: torch.device) -> torch.Tensor:
    """Where dropout's source of chance stands on a device."""
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _set_chance(state: torch.Tensor, device: torch.device) -> None:
    """Put it there again."""
    if device.type == "cuda":
        torch.cuda.set_rng_state(state.cpu(), device)
    else:
        torch.set_rng_state(state.cpu())


def _blend(decay: float) -> Callable[[Any, Any, Any], None]:
    """A moving average that follows quickly at first, when the weights still move far."""

    @torch.no_grad()
    def blend(averaged: list[torch.Tensor], current: list[torch.Tensor], count: torch.Tensor) -> None:
        so_far = float(count)
        torch._foreach_lerp_(averaged, current, 1 - min(decay, (1 + so_far) / (10 + so_far)))

    return blend


def _summary(line: Epoch, epochs: int) -> str:
    """One epoch as a line of text."""
    parts = [f"epoch {line.epoch}/{epochs}", f"loss {line.loss:.4f}", f"accuracy {line.accuracy:.2%}"]
    if line.clean_accuracy is not None:
        parts.append(f"test: clean accuracy {line.clean_accuracy:.2%}")
    if line.attack_success_rate is not None:
        parts.append(f"ASR {line.attack_success_rate:.2%}")
    return "  ".join([*parts, f"{line.seconds:.1f} s"])
