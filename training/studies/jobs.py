"""Many runs at once: each a job of submitit, in processes of this machine or as a job array of Slurm."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import submitit
import torch
from rich.console import Console
from submitit.core.utils import FailedJobError, FailedSubmissionError, JobPaths

from training.core.errors import RunError
from training.core.files import write_text
from training.engine.processes import Stop, Stopped
from training.recipes.base import AnyRecipe
from training.runs.lineage import train
from training.runs.store import METRICS

FINISHED = METRICS
"""What only a finished run's folder has; see `training.runs.store`."""
SUBMITTED = "submitted.json"
"""File name, beside the logs, of which runs are Slurm's."""
PATIENCE = 30.0
"""Seconds that a worker may take to save what it has."""
A_MONTH = 30 * 24 * 60
"""In minutes: longer than any run of this machine's own."""


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
    def lock(self) -> Path:
        """Held by the process that trains; its content is the time when it started."""
        return self.locks / f"{self.recipe.run_name}.lock"

    @property
    def log(self) -> Path:
        """What is said in training in a process of this machine; Slurm's jobs have logs of their own."""
        return self.locks / f"{self.recipe.run_name}.log"

    @property
    def failed(self) -> Path:
        """There when a process of this machine has given it up; its log says why."""
        return self.locks / f"{self.recipe.run_name}.failed"

    def __call__(self) -> None:
        """Train. A second process with the same run waits, and finds it finished."""
        try:
            with Stop(), _locked(self.lock):  # submitit's own handler ignores SIGTERM
                self.train(Console(stderr=True))
        except Stopped as stopped:
            if stopped.number == signal.SIGUSR2:
                os.kill(os.getpid(), signal.SIGUSR2)  # submitit's handler, there again, puts the job back in line
            sys.exit(128 + stopped.number)

    def train(self, console: Console) -> None:
        """Train, saying on the console how it goes.

        Raises:
            Stopped: On a signal; the state is saved.
        """
        if self.threads:
            torch.set_num_threads(self.threads)
        try:
            train(
                self.recipe, runs_dir=self.runs_dir, data_dir=self.data_dir, resume=True, device=self.device,
                devices=1, follow=False, console=console,
            )  # fmt: skip
        except Stopped as stopped:
            console.print(f"stopped and saved at {stopped}", highlight=False)
            raise

    def checkpoint(self) -> submitit.helpers.DelayedSubmission:
        """What submitit puts back in the queue: the same run, which resumes by itself."""
        return submitit.helpers.DelayedSubmission(self)


@dataclass(frozen=True, eq=False)
class Worker:
    """A process that takes one run after another of those that no other process has."""

    runs: list[OneRun]

    def __call__(self) -> None:
        """Train until no run is left. A run that fails is logged and skipped."""
        with Stop() as stop:
            for run in self.runs:
                with _locked(run.lock, wait=False) as mine:
                    if mine and not done(run) and not run.failed.exists():
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
            except Exception:  # noqa: BLE001 - whatever it is, the other runs are none the worse
                traceback.print_exc(file=log)
                log.flush()
                run.failed.touch()


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


def done(run: OneRun) -> bool:
    """Whether a run is finished."""
    return (run.runs_dir / run.recipe.run_name / FINISHED).is_file()


def ended(run: OneRun, log: Path) -> Outcome:
    """How a run ended that no process has any more."""
    finished = done(run)
    mark = run.runs_dir / run.recipe.run_name / FINISHED if finished else log
    try:
        seconds = mark.stat().st_mtime - float(run.lock.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        seconds = 0.0
    return Outcome(run, finished, log, max(seconds, 0.0))


def here(runs: list[OneRun], report: Report) -> None:
    """Train in this process, one after another; the first error ends it."""
    for run in runs:
        run()
        report(ended(run, run.log))


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
    with Stop() as stop, _released(at_work):
        for place in range(min(workers, len(runs))):
            visible = (place % gpus,) if gpus else ()  # submitit hides all GPUs but those named
            executor.update_parameters(
                timeout_min=A_MONTH, stderr_to_stdout=True, gpus_per_node=len(visible), visible_gpus=visible
            )
            at_work.append(executor.submit(Worker(runs)))
        while left:
            working = any(not job.done() for job in at_work)
            for run in [run for run in left if done(run) or run.failed.exists()]:
                left.remove(run)
                report(ended(run, run.log))
            if not working:
                break
            if stop.received:
                raise Stopped(stop.received, f"{len(runs) - len(left)} of {len(runs)} runs done")
            time.sleep(0.2)
    for run in left:
        report(ended(run, run.log if run.log.is_file() else _log(folder, at_work[0].job_id)))


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


class Array(NamedTuple):
    """How Slurm shall run the jobs."""

    minutes: int = 60
    """Of a run; one that takes longer is put back in the queue and resumes."""
    options: dict[str, str] | None = None
    """Further options of sbatch by their long names."""
    poll: float = 5.0
    """Seconds between two looks at the queue."""


def on_slurm(runs: list[OneRun], folder: Path, workers: int, report: Report, array: Array) -> None:
    """Train as one job array of Slurm, at most `workers` tasks at a time.

    Progress is read from the files that the runs write and from `squeue`, so no accounting is needed. Whoever stops
    watching does not stop the jobs: called again, this watches those that are still in the queue.

    Args:
        runs: What to train.
        folder: Of logs, on a file system that all machines see.
        workers: Tasks at a time.
        report: Called with each run's outcome as it ends.
        array: How.

    Raises:
        RunError: If Slurm is not installed, or refuses.
        Stopped: On a signal; the jobs keep running.
    """
    if shutil.which("sbatch") is None:
        raise RunError("Slurm is not installed on this machine: the command sbatch was not found")
    record = folder / SUBMITTED
    known: dict[str, str] = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    queue = _queue() or set()
    jobs = {run: known[run.recipe.run_name] for run in runs if known.get(run.recipe.run_name) in queue}
    fresh = [run for run in runs if run not in jobs]
    if fresh:
        submitted = _submit(fresh, folder, workers, array)
        jobs |= {run: job.job_id for run, job in zip(fresh, submitted, strict=True)}
        write_text(record, json.dumps(known | {run.recipe.run_name: job for run, job in jobs.items()}, indent=2) + "\n")
    _watch(jobs, folder, report, array.poll)


def _submit(runs: list[OneRun], folder: Path, workers: int, array: Array) -> list[submitit.Job[None]]:
    executor = submitit.SlurmExecutor(folder)
    executor.update_parameters(
        job_name="backdoors", time=array.minutes, array_parallelism=workers, stderr_to_stdout=True,
        additional_parameters={"requeue": True} | dict(array.options or {}),
        # since 22.05 srun does not take this over from sbatch
        setup=['[ -z "${SLURM_CPUS_PER_TASK:-}" ] || export SRUN_CPUS_PER_TASK="$SLURM_CPUS_PER_TASK"'],
    )  # fmt: skip
    try:
        jobs: list[submitit.Job[None]] = executor.submit_array(runs)
    except (subprocess.CalledProcessError, FailedJobError, FailedSubmissionError) as error:
        raise RunError(f"Slurm refused the job array: {str(error).strip().splitlines()[-1]}") from error
    return jobs


def _watch(jobs: dict[OneRun, str], folder: Path, report: Report, poll: float) -> None:
    """Report each job when it has left the queue or its run is finished."""
    left, missing = dict(jobs), dict.fromkeys(jobs, 0)
    with Stop() as stop:
        while left:
            queue = _queue()
            for run, job in list(left.items()):
                # a job between two states may be in no list for a moment; a silent Slurm says nothing about jobs
                missing[run] = 0 if queue is None or job in queue else missing[run] + 1
                if done(run) or missing[run] > 1:
                    del left[run]
                    report(ended(run, _log(folder, job)))
            if stop.received and left:
                ids = " ".join(sorted({job.partition("_")[0] for job in left.values()}))
                raise Stopped(stop.received, f"{len(left)} jobs stay in Slurm's queue (cancel with: scancel {ids})")
            time.sleep(poll if left else 0)


def _log(folder: Path, job: str) -> Path:
    """Where a job's output goes."""
    return Path(JobPaths(folder, job, 0).stdout)


def _queue() -> set[str] | None:
    """The ids of this user's jobs that wait or run, None if Slurm does not answer."""
    try:
        answer = subprocess.run(
            ["squeue", "--noheader", "--array", "--me", "--format=%i"],  # noqa: S607 - found as the user's shell does
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
    except (subprocess.SubprocessError, OSError):
        return None
    return set(answer.stdout.split())


@contextlib.contextmanager
def _locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
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
