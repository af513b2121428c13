"""Where the runs of a study are trained: in this process, in processes of this machine, or on Slurm."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from training.studies.jobs import OneRun, Report, here
from training.studies.slurm import Array, on_slurm
from training.studies.workers import locally

Where = Literal["here", "local", "slurm"]
"""In this process, in processes of this machine, or on Slurm."""
MOST_TASKS = 256
"""Of a job array of Slurm at a time, unless the user says otherwise."""


@dataclass(frozen=True)
class Plan:
    """Where and how runs are trained."""

    where: Where = "local"
    workers: int | None = None
    """At a time; None for as many as this machine has processors (Slurm: `MOST_TASKS`)."""
    device: str = "auto"
    array: Array = field(default_factory=Array)

    def workers_for(self, runs: int) -> int:
        """How many of `runs` runs are worked on at a time."""
        return self.workers or (MOST_TASKS if self.where == "slurm" else max(1, min(_processors(), runs)))

    def threads_for(self, runs: int) -> int | None:
        """Threads of each process; None for PyTorch's own choice."""
        return max(1, _processors() // self.workers_for(runs)) if self.where == "local" else None


def carry_out(waiting: Sequence[OneRun], plan: Plan, folder: Path, report: Report) -> None:
    """Carry out runs as a plan says.

    Args:
        waiting: Those that are not finished.
        plan: Where and how.
        folder: Of logs and locks.
        report: Called with each run's outcome as it ends.

    Raises:
        RunError: If Slurm is not installed, or refuses.
        Stopped: On a signal.
    """
    runs = list(waiting)
    workers = plan.workers_for(len(runs))
    if plan.where == "slurm":
        on_slurm(runs, folder, workers, report, plan.array)
    elif plan.where == "local":
        locally(runs, folder, workers, report, _gpus(plan.device))
    else:
        here(runs, report)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gpus(device: str) -> int:
    """How many GPUs workers take in turn."""
    import torch  # noqa: PLC0415 - seconds to import

    return torch.cuda.device_count() if device in {"auto", "cuda", "gpu"} else 0
