"""The command line, sent a signal at one step of a training: `python -m tests.training.stopped NUMBER EPOCH STEP ...`.

A test that waited for a run's files to grow and then sent the signal would be late on a busy machine.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from collections.abc import Callable, Iterator

from training.engine.checkpoint import Step
from training.engine.trainer import Trainer

Steps = Callable[..., Iterator[Step]]


def signalled(steps: Steps, number: int, wanted: tuple[int, int]) -> Steps:
    """`Trainer.steps`, which sends this process a signal when it has done the step `(epoch, step)`."""

    def until(trainer: Trainer, epoch: int, *arguments: object, **options: object) -> Iterator[Step]:
        for step in steps(trainer, epoch, *arguments, **options):
            if (epoch, step.number) == wanted:
                os.kill(os.getpid(), number)
            yield step

    return until


if __name__ == "__main__":
    number, epoch, step = (int(sys.argv.pop(1)) for _ in range(3))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background job inherits as ignored
    Trainer.steps = signalled(Trainer.steps, number, (epoch, step))  # type: ignore[method-assign]
    runpy.run_module("training", run_name="__main__")
