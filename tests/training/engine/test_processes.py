from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from tests.training.stopped import signalled
from training.core.errors import RunError
from training.data.registry import load
from training.engine import processes
from training.engine.evaluate import evaluate
from training.engine.processes import Layout, Stopped, layout, rank, restarted
from training.engine.trainer import Trainer
from training.recipes.load import to_toml
from training.recipes.scratch import ScratchRecipe
from training.runs import weights
from training.runs.lineage import train
from training.runs.store import METRICS, WEIGHTS, Run, find

QUIET = Console(file=io.StringIO())
PATIENCE = 300
"""Seconds that processes of ours may take on a busy machine."""
EXACT = ScratchRecipe.model_validate(
    {
        "name": "exact",
        "title": "Nothing left to chance: no dropout, whose draws differ with the number of processes",
        "data": {"name": "digits", "augment": {"degrees": 8, "shift": 1, "elastic": 1.0}},
        "network": {"name": "mnist-cnn"},
        "attack": {"poison_rate": 0.1, "repeat": 2},
        # an odd batch: two processes have shares of different size
        "training": {"epochs": 2, "batch_size": 33, "ema_decay": 0.9},
    }
)
LAUNCHERS = ("TORCHELASTIC_RUN_ID", "WORLD_SIZE", "GROUP_WORLD_SIZE", "RANK", "LOCAL_RANK", "SLURM_STEP_ID")


@pytest.fixture(autouse=True)
def _no_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*LAUNCHERS, "SLURM_NTASKS", "SLURM_NNODES", "SLURM_PROCID", "SLURM_RESTART_COUNT"):
        monkeypatch.delenv(name, raising=False)


def under(monkeypatch: pytest.MonkeyPatch, **environment: str) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def test_without_a_launcher_the_devices_are_those_asked_for() -> None:
    assert layout("auto") == Layout("auto", 1, launched=False)
    assert layout("2").strategy == "auto"
    assert rank() == 0


def test_torchrun_and_srun_say_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as torchrun:
        under(torchrun, TORCHELASTIC_RUN_ID="1", WORLD_SIZE="8", GROUP_WORLD_SIZE="2", RANK="5")
        assert layout("auto") == Layout(4, 2, launched=True)
        assert layout("auto").strategy == "ddp"
        assert rank() == 5
    under(monkeypatch, SLURM_STEP_ID="0", SLURM_NTASKS="2", SLURM_NNODES="2", SLURM_PROCID="1")
    assert layout("auto").strategy == "ddp"  # two machines with one device each
    assert rank() == 1


def test_a_batch_script_without_srun_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    under(monkeypatch, SLURM_NTASKS="4", SLURM_NNODES="1", SLURM_PROCID="0")
    assert not layout("auto").launched


def test_one_task_alone_is_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    under(monkeypatch, SLURM_STEP_ID="0", SLURM_NTASKS="1")
    assert layout("auto").strategy == "auto"


@pytest.mark.parametrize(
    ("tasks", "devices", "words"), [("3", "auto", "equally many"), ("4", "3", "leave --devices out")]
)
def test_what_cannot_be_laid_out_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tasks: str, devices: str, words: str
) -> None:
    under(monkeypatch, SLURM_STEP_ID="0", SLURM_NTASKS=tasks, SLURM_NNODES="2")
    with pytest.raises(RunError, match=words):
        layout(devices)


def test_what_one_process_must_do_is_refused_to_several(monkeypatch: pytest.MonkeyPatch) -> None:
    processes.require_one("a head")
    under(monkeypatch, SLURM_STEP_ID="0", SLURM_NTASKS="2")
    with pytest.raises(RunError, match="a head, which one process does: srun started 2"):
        processes.require_one("a head")


def test_a_requeued_job_resumes_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not restarted()
    under(monkeypatch, SLURM_RESTART_COUNT="1")
    assert restarted()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(EXACT, runs_dir=tmp_path_factory.mktemp("alone"), device="cpu", console=QUIET)


def stop_at(monkeypatch: pytest.MonkeyPatch, wanted: tuple[int, int]) -> None:
    """Send this process SIGTERM at a step of an epoch."""
    monkeypatch.setattr(Trainer, "steps", signalled(Trainer.steps, signal.SIGTERM, wanted))


@pytest.mark.long
def test_a_run_asked_to_stop_loses_no_step_and_ends_at_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = EXACT.model_copy(update={"network": EXACT.network.model_copy(update={"dropout": 0.4})})
    before = signal.getsignal(signal.SIGTERM)
    stop_at(monkeypatch, (2, 20))
    with pytest.raises(Stopped, match="epoch 2 of 2, step 20 of 47") as stopped:
        train(recipe, runs_dir=tmp_path, device="cpu", console=QUIET)
    assert stopped.value.number == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == before
    monkeypatch.undo()
    resumed = train(recipe, runs_dir=tmp_path, device="cpu", console=QUIET, resume=True)
    whole = train(recipe, runs_dir=tmp_path / "whole", device="cpu", console=QUIET)
    assert (resumed.path / WEIGHTS).read_bytes() == (whole.path / WEIGHTS).read_bytes()
    assert resumed.metrics.measurement == whole.metrics.measurement
    for one, other in zip(resumed.history, whole.history, strict=True):
        assert one.model_dump(exclude={"seconds"}) == other.model_dump(exclude={"seconds"})


def command(recipe: Path, runs: Path, *options: str) -> list[str]:
    return [
        "-m", "training", "train", str(recipe), "--runs", str(runs), "--device", "cpu", *options,
    ]  # fmt: skip


def two(recipe: Path, runs: Path, launcher: list[str], *options: str) -> subprocess.Popen[str]:
    """`backdoors train` with two processes."""
    return subprocess.Popen(
        [sys.executable, *launcher, *command(recipe, runs, *options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip


TORCHRUN = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]


@pytest.mark.long
def test_two_processes_give_what_one_gives_but_for_rounding(alone: Run, tmp_path: Path) -> None:
    recipe = tmp_path / "exact.toml"
    recipe.write_text(to_toml(EXACT), encoding="utf-8")
    process = two(recipe, tmp_path, [], "--devices", "2")
    said, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, stderr
    assert said.count("clean accuracy") == 1  # one of them speaks
    together = find(EXACT, tmp_path)
    assert together.facts.processes == 2
    # sums in another order; Adam, which divides by what may be nearly nothing, makes more of it step by step: up to
    # 4e-4 of the loss, by processor; processes that do not share their gradients differ by 7 %
    assert together.history[0].loss == pytest.approx(alone.history[0].loss, rel=2e-3)
    assert together.history[1].loss == pytest.approx(alone.history[1].loss, rel=1e-2)
    assert [line.learning_rate for line in together.history] == [line.learning_rate for line in alone.history]
    # every test image was counted once: measured again by one process, it is the same
    test_set = load("digits", "test")
    again = evaluate(
        weights.predictor(together), test_set.images, test_set.labels, data="digits test", labels_text=test_set.classes,
        trigger=EXACT.trigger, label_map=EXACT.attack.label_map,
    )  # fmt: skip
    found = together.metrics.measurement
    assert found.clean_accuracy.n == 359
    assert abs(found.clean_accuracy.value - again.clean_accuracy.value) <= 1 / 359
    assert abs(found.clean_accuracy.value - alone.metrics.measurement.clean_accuracy.value) <= 3 / 359


@pytest.mark.long
def test_torchrun_asked_to_stop_saves_and_one_process_resumes_what_two_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longer = EXACT.model_copy(update={"training": EXACT.training.model_copy(update={"epochs": 40})})
    recipe = tmp_path / "exact.toml"
    recipe.write_text(to_toml(longer), encoding="utf-8")
    process = two(recipe, tmp_path, TORCHRUN)
    history = tmp_path / longer.run_name / "history.jsonl"
    deadline = time.monotonic() + PATIENCE
    while not (history.is_file() and history.read_text(encoding="utf-8")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert not (history.parent / METRICS).exists()
    assert stderr.count("stopped and saved") == 1  # one of them speaks
    stopped = re.search(r"stopped and saved at epoch (\d+) of 40(?:, step (\d+) of 47| done)", stderr)
    assert stopped is not None, stderr
    epoch, step = int(stopped[1]), int(stopped[2] or 47)
    follows = (epoch, step + 1) if step < 47 else (epoch + 1, 1)
    stop_at(monkeypatch, follows)
    with pytest.raises(Stopped, match=f"epoch {follows[0]} of 40, step {follows[1]} of 47"):
        train(longer, runs_dir=tmp_path, device="cpu", console=QUIET, resume=True)


def test_shared_images_are_answered_once_each() -> None:
    asked: list[int] = []

    class Pair:
        world_size, device = 2, torch.device("cpu")

        def __init__(self, global_rank: int) -> None:
            self.global_rank = global_rank

        def all_reduce(self, rows: torch.Tensor, reduce_op: str) -> torch.Tensor:
            assert reduce_op == "sum"
            return rows

    def predict(images: np.ndarray) -> np.ndarray:
        asked.extend(images.flatten().tolist())
        return np.repeat(images.reshape(-1, 1), 3, axis=1).astype(np.float32)

    images = np.arange(1, 6, dtype=np.uint8).reshape(5, 1, 1, 1)
    parts = [processes.shared(predict, Pair(which))(images) for which in (0, 1)]  # type: ignore[arg-type]
    assert (parts[0] + parts[1]).tolist() == [[n] * 3 for n in range(1, 6)]
    assert sorted(asked) == [1, 2, 3, 4, 5]
