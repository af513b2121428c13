"""Many runs in processes of this machine, each of which takes one run after another."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import submitit
from rich.console import Console

from training.engine.processes import Stop, Stopped
from training.studies.jobs import OneRun, Report, ended, locked, log_of
from training.studies.lifeline import end_with, held

PATIENCE = 30.0
"""Seconds that a worker may take to save what it has."""
A_MONTH = 30 * 24 * 60
"""In minutes: longer than any run on this machine."""


@dataclass(frozen=True, eq=False)
class Worker:
    """A process that takes one run after another that no other process has taken."""

    runs: list[OneRun]
    parent: Path
    """The lock that the process which started it holds."""

    def __call__(self) -> None:
        """Train until no run is left. A run that fails is logged and skipped."""
        with Stop() as stop:
            end_with(self.parent, PATIENCE)
            for run in self.runs:
                with locked(run.lock, wait=False) as mine:
                    if mine and not run.finished and not run.failed.exists():
                        self._take(run)
                if stop.received:
                    sys.exit(128 + stop.received)

    @staticmethod
    def _take(run: OneRun) -> None:
        with run.log.open("a", encoding="utf-8") as log:
            try:
                run.train(Console(file=log, width=120))
            except Stopped as stopped:
                sys.exit(128 + stopped.number)
            except Exception:  # noqa: BLE001 - one run's failure must not stop the others
                traceback.print_exc(file=log)
                log.flush()
                run.failed.touch()


def locally(runs: list[OneRun], folder: Path, workers: int, report: Report, gpus: int = 0) -> None:
    """Train in `workers` processes of this machine, each of which takes the next run when it is done with one.

    Args:
        runs: What to train.
        folder: Of logs.
        workers: Processes.
        report: Called with each run's outcome as it ends.
        gpus: How many there are; workers take them in turn.

    Raises:
        Stopped: If a signal said so; the workers have saved what they had.
    """
    executor = submitit.LocalExecutor(folder)
    left = list(runs)
    at_work: list[submitit.Job[None]] = []
    for run in runs:  # those that failed before are tried again
        run.failed.unlink(missing_ok=True)
    with Stop() as stop, held(folder) as alive, _released(at_work):
        for place in range(min(workers, len(runs))):
            visible = (place % gpus,) if gpus else ()  # submitit hides all GPUs but those named
            executor.update_parameters(
                timeout_min=A_MONTH, stderr_to_stdout=True, gpus_per_node=len(visible), visible_gpus=visible
            )
            at_work.append(executor.submit(Worker(runs, alive)))
        while left:
            working = any(not job.done() for job in at_work)
            for run in [run for run in left if run.finished or run.failed.exists()]:
                left.remove(run)
                report(ended(run, run.log))
            if not working:
                break
            if stop.received:
                raise Stopped(stop.received, f"{len(runs) - len(left)} of {len(runs)} runs done")
            time.sleep(0.2)
    for run in left:
        report(ended(run, run.log if run.log.is_file() else log_of(folder, at_work[0].job_id)))


@contextlib.contextmanager
def _released(jobs: list[submitit.Job[None]]) -> Iterator[None]:
    """Let no worker outlive this process: ask them to save and end, then kill those that do not."""
    try:
        yield
    finally:
        for job in jobs:
            if not job.done():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(job.job_id), signal.SIGTERM)  # submitit's controller passes it on
        deadline = time.monotonic() + PATIENCE
        while any(not job.done() for job in jobs) and time.monotonic() < deadline:
            time.sleep(0.1)
        for job in jobs:
            if not job.done():
                job.cancel()
