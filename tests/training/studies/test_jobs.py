from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from threadpoolctl import threadpool_info, threadpool_limits

from training.recipes.base import AnyRecipe
from training.recipes.load import load
from training.studies import jobs
from training.studies.jobs import OneRun, locked


def test_a_teacher_that_others_may_train_as_well_is_trained_under_its_own_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = load("latent-digits-student-latent")
    held: list[tuple[str, bool]] = []

    def train(recipe: AnyRecipe, **_more: Any) -> None:  # noqa: ANN401
        with locked(tmp_path / f"{recipe.run_name}.lock", wait=False) as free:
            held.append((recipe.name, not free))

    monkeypatch.setattr(jobs, "train", train)
    run = OneRun(recipe=student, runs_dir=tmp_path, locks=tmp_path)
    with locked(run.lock):  # as a worker holds it
        run.train(Console(quiet=True))
    assert held == [
        ("latent-digits-teacher-clean", True), ("latent-digits-teacher-latent", True),
        ("latent-digits-student-latent", True),
    ]  # fmt: skip


def test_each_process_of_many_takes_its_part_of_the_processors_in_numpy_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[int]] = []

    def train(_recipe: AnyRecipe, **_more: Any) -> None:  # noqa: ANN401
        seen.append({torch.get_num_threads(), *(pool["num_threads"] for pool in threadpool_info())})

    monkeypatch.setattr(jobs, "train", train)
    before = torch.get_num_threads()
    with threadpool_limits():  # puts back what was
        OneRun(recipe=load("digits-clean"), runs_dir=tmp_path, locks=tmp_path, threads=1).train(Console(quiet=True))
    torch.set_num_threads(before)
    assert seen == [{1}]
