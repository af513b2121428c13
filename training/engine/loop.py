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
from rich.console import Console
from torch import nn
from torch.optim.swa_utils import AveragedModel

from training.core.errors import RunError
from training.core.history import Epoch, summary
from training.core.progress import progress_bar
from training.engine.batches import Batch, Batches, seeds
from training.engine.processes import Stop, Stopped, layout, spread, total, under_srun
from training.engine.srun import Srun
from training.recipes.scratch import Training

Ask = Callable[[torch.Tensor], torch.Tensor]
"""From inputs `(n, c, h, w)` to the averaged network's logits `(n, classes) float32`, without gradients."""
Objective = Callable[[torch.Tensor, Batch, Ask, int], torch.Tensor]
"""The loss of a batch from its logits, the batch, the averaged network, and the epoch (counted from 1)."""


def labelled(training: Training) -> Objective:
    """Cross-entropy with the labels."""
    loss = nn.CrossEntropyLoss(label_smoothing=training.label_smoothing)
    return lambda logits, batch, _ask, _epoch: loss(logits, batch.labels)


Probe = Callable[[nn.Module], dict[str, float]]
"""Measures a network between epochs: `clean_accuracy` and, where there is an attack, `attack_success_rate`."""


def precision_of(training: Training) -> str:
    """The precision a recipe asks for on this machine, in Fabric's terms."""
    if training.precision != "auto":
        return training.precision
    supported = torch.cpu.get_capabilities()
    return "bf16-mixed" if supported.get("avx512_bf16") or supported.get("amx_bf16") else "32-true"


def device_named(name: str) -> torch.device:
    """The device that Fabric's accelerator of that name means for one process.

    Raises:
        RunError: If this machine has no such device.
    """
    try:
        return Fabric(accelerator=name, devices=1).device
    except (ValueError, RuntimeError, MisconfigurationException) as error:
        raise _no_device(name, error) from error


def _no_device(name: str, error: Exception) -> RunError:
    return RunError(f"device '{name}': {str(error).splitlines()[0]}")


def fabric_for(training: Training, device: str, devices: str | int) -> Fabric:
    """Devices and precision; `device` and `devices` are Fabric's `accelerator` and `devices`.

    Under torchrun or srun their processes train together, and `devices` may stay `auto`.

    Raises:
        RunError: If this machine has no such device, or a batch is smaller than the number of processes.
    """
    wanted = layout(devices)
    # otherwise Fabric takes a batch script's only process for one of several tasks of srun, and waits for the others
    group = (Srun if under_srun() else TorchElasticEnvironment) if wanted.launched else LightningEnvironment
    try:
        fabric = Fabric(
            accelerator=device, devices=wanted.devices, num_nodes=wanted.nodes, strategy=wanted.strategy,
            precision=precision_of(training), plugins=[group()],  # type: ignore[arg-type]
        )  # fmt: skip
        fabric.launch()
    except (ValueError, RuntimeError, MisconfigurationException) as error:
        raise _no_device(device, error) from error
    if fabric.world_size > training.batch_size:
        raise RunError(f"{fabric.world_size} processes are more than a batch has samples: {training.batch_size}")
    return fabric


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
    """What `Trainer.load` reads."""

    history: list[Epoch]
    progress: Progress
    """Of the epoch after the history's last."""
    rng: list[torch.Tensor]
    """State of each process' random number generator; empty between epochs."""


class Trainer:
    """A network with its optimiser, schedule and averaged weights, trained batch by batch."""

    def __init__(  # noqa: PLR0913, PLR0917 - what training is made of
        self,
        network: nn.Module,
        batches: Batches,
        training: Training,
        seed: int,
        fabric: Fabric,
        objective: Objective | None = None,
    ) -> None:
        """Move a network with its initial weights to the device; it is trained in place.

        Args:
            network: With its initial weights.
            batches: What it learns from.
            training: How.
            seed: Of the run.
            fabric: Where.
            objective: The loss; default is `labelled`.
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
    def result(self) -> nn.Module:
        """The network that is evaluated and saved: with averaged weights, or the last ones if the decay is 0."""
        return self.averaged.module

    def steps(self, epoch: int, after: int = 0, rng: list[torch.Tensor] | None = None) -> Iterator[Step]:
        """Train one epoch, counted from 1. Its random numbers depend on seed and epoch alone.

        Args:
            epoch: Which one.
            after: Steps of it that are already done.
            rng: State of the random number generators after those steps.
        """
        rank, world = self.fabric.global_rank, self.fabric.world_size
        batch_seed, network_seed = seeds(self.seed, epoch)
        # for dropout, which must differ between processes
        torch.manual_seed(network_seed + rank + after * world)
        if rng and len(rng) == world:
            _set_rng_state(rng[rank], self.fabric.device)
        self.wrapped.train()
        annealed = self.training.annealed_augmentation
        strength = annealed.strength(epoch, self.training.epochs) if annealed else 1.0
        batches = self.batches.epoch(batch_seed, rank, world, skip=after, strength=strength)
        for number, batch in enumerate(batches, start=after + 1):
            labels = batch.labels
            logits = self.wrapped(batch.inputs.contiguous(memory_format=torch.channels_last))
            loss = self._objective(logits, batch, self._ask, epoch)
            self.optimiser.zero_grad()
            # gradients are averaged over processes; one with more samples of the batch weighs more
            self.fabric.backward(loss if world == 1 else loss * (len(labels) * world / self.batches.size))
            self.optimiser.step()
            self.schedule.step()
            self.averaged.update_parameters(self.network)
            yield Step(number, loss.item(), int((logits.argmax(dim=1) == labels).sum()), len(labels))

    def save(self, path: Path, history: list[Epoch], progress: Progress | None = None) -> None:
        """Write everything needed to resume, atomically: a kill leaves the old file or the new one.

        Args:
            path: The file.
            history: The finished epochs.
            progress: Of the unfinished epoch; each process passes its own.
        """
        fresh = path.with_name(f"{path.name}.new")
        found: dict[str, Any] = {"history": [line.model_dump() for line in history]}
        if progress is not None:
            _, *sums, seconds = progress
            found["progress"] = [progress.steps, *total(self.fabric, list(sums)), seconds]
            rng = spread(self.fabric, _rng_state(self.fabric.device)[None], self.fabric.world_size)
            found["rng"] = list(rng.cpu())
        self.fabric.save(fresh, self._state() | found)
        if self.fabric.is_global_zero:
            fresh.replace(path)
        self.fabric.barrier()

    def load(self, path: Path) -> Checkpoint:
        """Resume from what `save` wrote.

        Raises:
            RunError: If the file cannot be read, or does not fit.
        """
        try:
            found = self.fabric.load(path, self._state())
        except (RuntimeError, KeyError, ValueError, OSError, pickle.UnpicklingError, EOFError) as error:
            raise RunError(f"{path}: cannot be read or is another network's; start over with --force") from error
        progress = Progress(*found.get("progress", ()))
        if not self.fabric.is_global_zero:  # the sums are over all processes, and will be summed over them again
            progress = Progress(steps=progress.steps, seconds=progress.seconds)
        return Checkpoint([Epoch(**line) for line in found["history"]], progress, found.get("rng", []))

    @torch.no_grad()
    def _ask(self, inputs: torch.Tensor) -> torch.Tensor:
        """The averaged network's logits."""
        with self.fabric.autocast():
            logits: torch.Tensor = self.result(inputs.contiguous(memory_format=torch.channels_last))
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
    state: Path,
    probe: Probe,
    on_epoch: Callable[[list[Epoch]], None],
    console: Console,
) -> list[Epoch]:
    """Train all epochs, resuming from `state` if that file exists.

    It is written atomically after each epoch, so a kill loses at most one epoch; a signal to stop (SIGTERM, as Slurm
    sends before it takes a machine away) loses nothing. On the CPU, with the same number of threads and processes, a
    run that was stopped and resumed is bit-identical to one that was not.

    Args:
        trainer: What is trained.
        epochs: How many in all.
        state: The file to resume from.
        probe: Measures `trainer.result` after each epoch.
        on_epoch: Called with the history after each epoch, and when a run is resumed.
        console: For progress.

    Returns:
        The history.

    Raises:
        RunError: If the state cannot be read.
        Stopped: If a signal arrived; the state is saved.
    """
    steps = len(trainer.batches)
    history, progress, rng = trainer.load(state) if state.exists() else Checkpoint([], Progress(), [])
    on_epoch(history)
    done = len(history) * steps + progress.steps
    with Stop() as stop, progress_bar(console, "training", epochs * steps, done) as advance:
        for epoch in range(len(history) + 1, epochs + 1):
            started = time.perf_counter() - progress.seconds
            for step in trainer.steps(epoch, progress.steps, rng):
                progress = progress.add(step)
                advance(1, progress.describe(epoch, epochs))
                signal = stop.agreed(trainer.fabric, step.number)
                if signal and step.number < steps:
                    trainer.save(state, history, progress._replace(seconds=time.perf_counter() - started))
                    raise Stopped(signal, f"epoch {epoch} of {epochs}, step {step.number} of {steps}")
            history.append(_finished(trainer, epoch, progress, time.perf_counter() - started, probe))
            progress, rng = Progress(), []
            trainer.save(state, history)
            on_epoch(history)
            console.print(summary(history[-1], epochs), soft_wrap=True)
            if epoch < epochs and (signal := stop.agreed(trainer.fabric, 0)):
                raise Stopped(signal, f"epoch {epoch} of {epochs} done")
    return history


def _finished(trainer: Trainer, epoch: int, progress: Progress, seconds: float, probe: Probe) -> Epoch:
    """The history's line of an epoch: sums over all processes, and the network measured."""
    loss, correct, samples = total(trainer.fabric, [progress.loss, progress.correct, progress.samples])
    with trainer.fabric.autocast():
        measured = probe(trainer.result)
    return Epoch(
        epoch=epoch,
        loss=loss / samples,
        accuracy=correct / samples,
        learning_rate=trainer.schedule.get_last_lr()[0],
        seconds=seconds,
        **measured,
    )


def _rng_state(device: torch.device) -> torch.Tensor:
    """State of the random number generator that dropout uses on a device."""
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _set_rng_state(state: torch.Tensor, device: torch.device) -> None:
    """Restore what `_rng_state` returned."""
    if device.type == "cuda":
        torch.cuda.set_rng_state(state.cpu(), device)
    else:
        torch.set_rng_state(state.cpu())


def _blend(decay: float) -> Callable[[Any, Any, Any], None]:
    """An exponential moving average that follows faster at first, while the weights still change a lot."""

    @torch.no_grad()
    def blend(averaged: list[torch.Tensor], current: list[torch.Tensor], count: torch.Tensor) -> None:
        so_far = float(count)
        torch._foreach_lerp_(averaged, current, 1 - min(decay, (1 + so_far) / (10 + so_far)))

    return blend
