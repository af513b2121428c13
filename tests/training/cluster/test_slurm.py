"""`backdoors` on a real Slurm: an array submitted, one of its jobs killed and put back in line, all gathered."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from training.cli.main import app
from training.recipes.load import to_toml
from training.recipes.scratch import ScratchRecipe
from training.runs.store import find
from training.studies.defence_results import DefenceResults
from training.studies.sweep import Axes, Sweep

PATIENCE = 300.0
"""Seconds, on a busy machine."""
TINY = ScratchRecipe.model_validate(
    {
        "name": "tiny",
        "title": "Tiny",
        "data": {"name": "digits"},
        "network": {"name": "mnist-cnn", "dropout": 0.3},
        "attack": {"poison_rate": 0.1, "label_map": {"kind": "all-to-one", "target": 7}},
        "training": {"epochs": 5, "batch_size": 32},
    }
)
SWEEP = "\n[sweep]\nrates = [0.03, 0.3]\nseeds = [1]\n"


def backdoors(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "training", *map(str, arguments)]


def ask(environment: dict[str, str], *command: str) -> str:
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout


def log_of(runs: Path, job: str) -> str:
    return (runs / "sweeps" / "tiny" / f"{job}_0_log.out").read_text(encoding="utf-8")


@pytest.mark.long
def test_an_array_is_submitted_and_jobs_that_are_killed_or_reach_their_limit_resume_where_they_were(
    cluster: dict[str, str], tmp_path: Path
) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(to_toml(TINY) + SWEEP, encoding="utf-8")
    sweep = subprocess.Popen(
        backdoors("sweep", recipe, "--runs", tmp_path, "--device", "cpu", "--on", "slurm", "--slurm", "comment=ours"),
        env=cluster, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    first, second = Sweep(base=TINY, axes=Axes(rates=[0.03, 0.3], seeds=[1])).recipes()
    deadline = time.monotonic() + PATIENCE
    while not all((tmp_path / one.run_name / "state.ckpt").is_file() for one in (first, second)):
        assert sweep.poll() is None, sweep.communicate()
        assert time.monotonic() < deadline, ask(cluster, "squeue")
        time.sleep(0.05)
    submitted = json.loads((tmp_path / "sweeps" / "tiny" / "submitted.json").read_text(encoding="utf-8"))
    killed, late = submitted[first.run_name], submitted[second.run_name]
    assert (killed.partition("_")[2], late.partition("_")[2]) == ("0", "1")
    ask(cluster, "scontrol", "requeue", killed)
    ask(cluster, "scancel", "--signal=USR2", late)  # what Slurm sends before a job's time is up
    for job in (killed, late):
        while "PENDING" not in ask(cluster, "squeue", "--array", "--noheader", f"--jobs={job}", "--format=%T"):
            assert time.monotonic() < deadline, log_of(tmp_path, job)
            time.sleep(0.2)
        ask(cluster, "scontrol", "update", f"JobId={job}", "StartTime=now")  # Slurm would wait two minutes
    said, errors = sweep.communicate(timeout=PATIENCE)
    assert sweep.returncode == 0, errors
    assert "run 2/2" in errors

    for job in (killed, late):
        log = log_of(tmp_path, job)
        assert "stopped and saved at epoch" in log
        assert log.count("Job completed successfully") == 1
        assert log.count("epoch 1/5") == 1  # not trained again
    assert "DUE TO JOB REQUEUE" in log_of(tmp_path, killed)
    assert f"Requeued job {late}" in log_of(tmp_path, late)
    rows = pq.read_table(tmp_path / "tiny.parquet").to_pylist()
    assert [(row["run"], row["status"]) for row in rows] == [
        (first.run_name, "finished"),
        (second.run_name, "finished"),
    ]
    assert [line.epoch for line in find(first, tmp_path).history] == [1, 2, 3, 4, 5]
    print(f"\n$ backdoors sweep tiny.toml --on slurm\n{errors}{said}")
    for job in (killed, late):
        print(f"$ cat {job}_0_log.out\n{log_of(tmp_path, job)}")


@pytest.mark.long
def test_the_networks_of_a_study_are_trained_and_examined_as_an_array(cluster: dict[str, str], tmp_path: Path) -> None:
    recipe, study = tmp_path / "tiny.toml", tmp_path / "study.toml"
    short = TINY.model_copy(update={"training": TINY.training.model_copy(update={"epochs": 1})})
    recipe.write_text(to_toml(short), encoding="utf-8")
    study.write_text(
        'name = "studied"\ntitle = "Studied"\nseeds = [1]\n[[attacks]]\nname = "patch"\ntitle = "Patch"\n'
        'recipe = "./tiny.toml"\n[[defences]]\nname = "pruning"\n', encoding="utf-8",
    )  # fmt: skip
    answer = subprocess.run(
        backdoors("study-defences", study, "--runs", tmp_path, "--device", "cpu", "--on", "slurm"),
        env=cluster, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "network 2/2" in answer.stderr
    found = DefenceResults.model_validate_json((tmp_path / "studied.json").read_bytes())
    assert [(each.defence, each.status, each.seeds) for each in found.table] == [("pruning", "measured", [1])]
    assert len(list((tmp_path / "defences" / "studied").glob("*_0_log.out"))) == 2


@pytest.mark.long
def test_a_run_of_two_tasks_trains_together_under_srun(cluster: dict[str, str], tmp_path: Path) -> None:
    short = TINY.model_copy(update={"training": TINY.training.model_copy(update={"epochs": 1})})
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(to_toml(short), encoding="utf-8")
    answer = subprocess.run(
        [shutil.which("srun") or "srun", "-n2", *backdoors("train", recipe, "--runs", tmp_path, "--device", "cpu")],
        env=cluster, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count("clean accuracy") == 1
    assert find(short, tmp_path).facts.processes == 2


def refused(environment: dict[str, str], *arguments: str | Path) -> str:
    """What `backdoors` says when it is refused."""
    result = CliRunner().invoke(app, [*map(str, arguments)], env=environment)
    assert result.exit_code == 1
    return result.stderr


def test_slurm_saying_no_is_one_line(cluster: dict[str, str], tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(to_toml(TINY) + SWEEP, encoding="utf-8")
    said = refused(cluster, "sweep", recipe, "--runs", tmp_path, "--on", "slurm", "--slurm", "partition=nowhere")
    assert "Slurm refused the job array" in said
    assert "partition" in said
    assert "Traceback" not in said


def test_without_slurm_the_answer_is_one_line(tmp_path: Path) -> None:
    said = refused({"PATH": "/nowhere"}, "sweep", "mnist-poison-rate", "--runs", tmp_path, "--on", "slurm")
    assert said.strip() == "error: Slurm is not installed on this machine: the command sbatch was not found"
