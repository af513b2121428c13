"""Many runs as a job array of Slurm."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import submitit
from submitit.core.utils import FailedJobError, FailedSubmissionError

from training.core.errors import RunError
from training.core.files import write_text
from training.engine.processes import Stop, Stopped
from training.studies.jobs import OneRun, Report, ended, log_of

SUBMITTED = "submitted.json"
"""File name, beside the logs: each run's job id."""


class Array(NamedTuple):
    """How Slurm runs the jobs."""

    minutes: int = 60
    """Of a run; one that takes longer is put back in the queue and resumes."""
    options: dict[str, str] | None = None
    """Further options of sbatch by their long names."""
    poll: float = 5.0
    """Seconds between two queries of the queue."""


def on_slurm(runs: list[OneRun], folder: Path, workers: int, report: Report, array: Array) -> None:
    """Train as one job array of Slurm, at most `workers` tasks at a time.

    Progress is read from the files that the runs write and from `squeue`, so no accounting is needed. The jobs
    outlive this process: called again, it watches those that are still in the queue.

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
                if run.finished or missing[run] > 1:
                    del left[run]
                    report(ended(run, log_of(folder, job)))
            if stop.received and left:
                ids = " ".join(sorted({job.partition("_")[0] for job in left.values()}))
                raise Stopped(stop.received, f"{len(left)} jobs stay in Slurm's queue (cancel with: scancel {ids})")
            time.sleep(poll if left else 0)


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
