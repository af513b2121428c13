"""The training loop: all epochs of a trainer, measured, and checkpointed after each."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from torch import nn

from training.core.history import Epoch, finite, summary
from training.core.progress import progress_bar
from training.engine.checkpoint import Checkpoint, Progress, load, save
from training.engine.processes import Stop, Stopped, total
from training.engine.trainer import Trainer

Probe = Callable[[nn.Module], dict[str, float]]
"""Measures a network between epochs: `clean_accuracy` and, where there is an attack, `attack_success_rate`."""


def fit(  # noqa: PLR0913 - what happens around the training
    trainer: Trainer,
    epochs: int,
    *,
    state: Path,
    probe: Probe,
    probed: str,
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
        probed: What it measures on, for the progress: `test` or `validation`.
        on_epoch: Called with the history after each epoch, and when a run is resumed.
        console: For progress.

    Returns:
        The history.

    Raises:
        RunError: If the state cannot be read, or the loss is not finite any more.
        Stopped: If a signal arrived; the state is saved.
    """
    steps, fabric = len(trainer.batches), trainer.fabric
    history, progress, rng = load(state, fabric, trainer.state) if state.exists() else Checkpoint([], Progress(), [])
    on_epoch(history)
    done = len(history) * steps + progress.steps
    with Stop() as stop, progress_bar(console, "training", epochs * steps, done) as advance:
        for epoch in range(len(history) + 1, epochs + 1):
            started = time.perf_counter() - progress.seconds
            for step in trainer.steps(epoch, progress.steps, rng):
                progress = progress.add(step)
                advance(1, progress.describe(epoch, epochs))
                signal = stop.agreed(fabric, step.number)
                if signal and step.number < steps:
                    unfinished = progress._replace(seconds=time.perf_counter() - started)
                    save(state, fabric, trainer.state, history, unfinished)
                    raise Stopped(signal, f"epoch {epoch} of {epochs}, step {step.number} of {steps}")
            history.append(_finished(trainer, epoch, progress, time.perf_counter() - started, probe))
            progress, rng = Progress(), []
            save(state, fabric, trainer.state, history)
            on_epoch(history)
            console.print(summary(history[-1], epochs, probed), soft_wrap=True)
            if epoch < epochs and (signal := stop.agreed(fabric, 0)):
                raise Stopped(signal, f"epoch {epoch} of {epochs} done")
    return history


def _finished(trainer: Trainer, epoch: int, progress: Progress, seconds: float, probe: Probe) -> Epoch:
    """The history's line of an epoch: sums over all processes, and the network measured."""
    loss, correct, samples = total(trainer.fabric, [progress.loss, progress.correct, progress.samples])
    mean = finite(loss / samples, epoch)
    with trainer.fabric.autocast():
        measured = probe(trainer.result)
    return Epoch(
        epoch=epoch,
        loss=mean,
        accuracy=correct / samples,
        learning_rate=trainer.schedule.get_last_lr()[0],
        seconds=seconds,
        **measured,
    )
