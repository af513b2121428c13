"""One run as a job: what a worker trains, how it ended, and who may train it now."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import submitit
import torch
from rich.console import Console
from submitit.core.utils import JobPaths
from threadpoolctl import threadpool_limits

from training.engine.processes import Stop, Stopped
from training.recipes.base import AnyRecipe
from training.runs.lineage import train
from training.runs.store import METRICS, finished


@dataclass(frozen=True, eq=False)
class OneRun:
    """One run, as submitit carries it to a worker; calling it trains, or resumes what was stopped."""

    recipe: AnyRecipe
    runs_dir: Path
    locks: Path
    data_dir: Path | None = None
    device: str = "auto"
    threads: int | None = None

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self.runs_dir / self.recipe.run_name

    @property
    def finished(self) -> bool:
        """Whether it is trained."""
        return finished(self.folder)

    @property
    def mark(self) -> Path:
        """The file that is written last."""
        return self.folder / METRICS

    @property
    def lock(self) -> Path:
        """Held by the process that trains; its content is the time when it started."""
        return self.locks / f"{self.recipe.run_name}.lock"

    @property
    def log(self) -> Path:
        """The output of a process of this machine; Slurm writes logs of its own."""
        return self.locks / f"{self.recipe.run_name}.log"

    @property
    def failed(self) -> Path:
        """Exists when a process of this machine has given the run up; its log says why."""
        return self.locks / f"{self.recipe.run_name}.failed"

    def __call__(self) -> None:
        """Train. A second process with the same run waits, and finds it finished."""
        try:
            with Stop(), locked(self.lock):  # submitit's own handler ignores SIGTERM
                self.train(Console(stderr=True))
        except Stopped as stopped:
            if stopped.number == signal.SIGUSR2:
                os.kill(
                    os.getpid(), signal.SIGUSR2
                )  # submitit's handler, restored by now, puts the job back in the queue
            sys.exit(128 + stopped.number)

    def train(self, console: Console) -> None:
        """Train, saying on the console how it goes.

        Raises:
            Stopped: On a signal; the state is saved.
        """
        if self.threads:
            torch.set_num_threads(self.threads)
            threadpool_limits(self.threads)  # NumPy's and SciPy's: they take one a processor in every process
        try:
            for ancestor in self.recipe.lineage()[:0:-1]:  # two students may have the same teacher
                with locked(self.locks / f"{ancestor.run_name}.lock"):
                    self._train(ancestor, console)
            self._train(self.recipe, console)
        except Stopped as stopped:
            console.print(f"stopped and saved at {stopped}", highlight=False)
            raise

    def _train(self, recipe: AnyRecipe, console: Console) -> None:
        train(
            recipe, runs_dir=self.runs_dir, data_dir=self.data_dir, resume=True, device=self.device, devices=1,
            follow=False, console=console,
        )  # fmt: skip

    def checkpoint(self) -> submitit.helpers.DelayedSubmission:
        """What submitit puts back in the queue: the same run, which resumes by itself."""
        return submitit.helpers.DelayedSubmission(self)


class Outcome(NamedTuple):
    """How one run ended."""

    run: OneRun
    finished: bool
    log: Path | None = None
    """Of the last try; None for a run that was finished before."""
    seconds: float = 0.0
    """From when a process took it until it ended."""

    def last_lines(self, count: int = 8) -> list[str]:
        """The end of the log."""
        if self.log is None or not self.log.is_file():
            return ["(no log)"]
        lines = [line.rstrip() for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines()]
        return [line for line in lines if line][-count:] or ["(the log is empty)"]


Report = Callable[[Outcome], None]


def ended(run: OneRun, log: Path) -> Outcome:
    """How a run ended, once no process works on it any more."""
    mark = run.mark if run.finished else log
    try:
        seconds = mark.stat().st_mtime - float(run.lock.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        seconds = 0.0
    return Outcome(run, run.finished, log, max(seconds, 0.0))


def here(runs: list[OneRun], report: Report) -> None:
    """Train in this process, one after another; the first error ends it."""
    for run in runs:
        run()
        report(ended(run, run.log))


def log_of(folder: Path, job: str) -> Path:
    """Where a job's output goes."""
    return Path(JobPaths(folder, job, 0).stdout)


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold a lock, and write into it since when; yields whether it is held. Systems without such locks have none."""
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        yield True
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        file.truncate(0)
        file.write(str(time.time()))
        file.flush()
        yield True
