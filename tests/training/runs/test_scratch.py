from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from training.core.errors import RunError
from training.data.registry import load
from training.engine.evaluate import evaluate
from training.recipes.load import load as load_recipe
from training.recipes.load import to_toml
from training.recipes.scratch import ScratchRecipe
from training.runs import weights
from training.runs.lineage import train
from training.runs.store import METRICS, STATE, WEIGHTS, Run, find

QUIET = Console(file=io.StringIO())
PATIENCE = 900
"""Seconds that a process of ours may take on a busy machine."""
QUICK = ScratchRecipe.model_validate(
    {
        "name": "quick",
        "title": "Quick",
        "data": {"name": "digits", "augment": {"degrees": 5, "shift": 1}},
        "network": {"name": "mnist-cnn", "dropout": 0.3},
        "attack": {"poison_rate": 0.1},
        "training": {"epochs": 3, "batch_size": 32, "ema_decay": 0.9},
    }
)
TINY = QUICK.model_copy(
    update={
        "data": QUICK.data.model_copy(update={"name": "digits[0,1]"}),
        "training": QUICK.training.model_copy(update={"epochs": 1}),
    }
)
"""A training of nine steps."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(QUICK, runs_dir=tmp_path_factory.mktemp("runs"), device="cpu", console=QUIET)


@pytest.fixture(scope="module")
def validated(tmp_path_factory: pytest.TempPathFactory) -> Run:
    changed = {"data": {"name": "digits", "validation": 0.2}, "training": {"epochs": 2, "batch_size": 32}}
    recipe = ScratchRecipe.model_validate(QUICK.model_dump(exclude_none=True) | changed)
    return train(recipe, runs_dir=tmp_path_factory.mktemp("validated"), device="cpu", console=QUIET)


def same_weights(one: Path, other: Path) -> bool:
    first, second = load_file(one / WEIGHTS), load_file(other / WEIGHTS)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_a_run_learns_and_leaves_all_it_should(finished: Run) -> None:
    assert finished.path.name == f"quick-{QUICK.sha256[:12]}"
    assert {path.name for path in finished.path.iterdir()} == {
        "weights.safetensors", "metrics.json", "history.jsonl", "recipe.toml", "poisoned.json",
    }  # fmt: skip
    assert finished.metrics.measurement.clean_accuracy.value > 0.5
    assert finished.metrics.measurement.clean_accuracy.n == 359
    assert [line.epoch for line in finished.history] == [1, 2, 3]
    assert finished.history[-1].loss < finished.history[0].loss
    with safe_open(finished.path / WEIGHTS, framework="pt") as file:
        assert file.metadata() == {"recipe": f"quick {QUICK.sha256}"}


def test_which_samples_were_poisoned_is_on_record(finished: Run) -> None:
    assert len(finished.poisoned) == finished.facts.poisoned == round(0.1 * 1438)
    assert max(finished.poisoned) < 1438


def test_images_set_aside_are_neither_trained_on_nor_poisoned(validated: Run) -> None:
    facts, validation = validated.facts, validated.metrics.validation
    assert validation is not None
    assert facts.samples + validation.clean_accuracy.n == 1438
    assert len(validated.poisoned) == facts.poisoned == round(0.1 * facts.samples)
    assert max(validated.poisoned) < facts.samples


def test_a_run_with_images_set_aside_is_followed_on_them_and_measured_on_the_test_images_too(validated: Run) -> None:
    measured, validation = validated.metrics.measurement, validated.metrics.validation
    assert validation is not None
    assert (measured.data, validation.data) == ("digits test", "digits validation")
    assert measured.clean_accuracy.n == 359
    assert measured.clean_accuracy.value != validation.clean_accuracy.value
    assert validated.history[-1].clean_accuracy == validation.clean_accuracy.value


def test_a_run_without_is_followed_on_the_test_images(finished: Run) -> None:
    assert finished.metrics.validation is None
    assert finished.history[-1].clean_accuracy == finished.metrics.measurement.clean_accuracy.value


def test_a_run_opened_again_predicts_what_its_metrics_say(finished: Run) -> None:
    opened = Run.open(finished.path)
    assert opened.recipe == QUICK
    test_set = load("digits", "test")
    measured = evaluate(
        weights.predictor(opened), test_set.images, test_set.labels, data="digits test", labels_text=test_set.classes,
        trigger=QUICK.trigger, label_map=QUICK.attack.label_map,
    )  # fmt: skip
    assert measured == finished.metrics.measurement


def test_a_predictor_takes_pixels_and_gives_float32_logits(finished: Run) -> None:
    logits = weights.predictor(finished)(np.zeros((2, 28, 28, 1), dtype=np.uint8))
    assert logits.dtype == np.float32
    assert logits.shape == (2, 10)


def test_the_same_recipe_gives_the_same_bits_and_another_seed_others(tmp_path: Path) -> None:
    one, again = (train(TINY, runs_dir=tmp_path / name, device="cpu", console=QUIET) for name in ("one", "again"))
    other = train(TINY.model_copy(update={"seed": 5}), runs_dir=tmp_path, device="cpu", console=QUIET)
    assert same_weights(one.path, again.path)
    assert not same_weights(one.path, other.path)


def test_a_finished_run_is_not_repeated_unless_forced(tmp_path: Path) -> None:
    weights = train(TINY, runs_dir=tmp_path, device="cpu", console=QUIET).path / WEIGHTS
    before = weights.stat().st_mtime_ns
    train(TINY, runs_dir=tmp_path, device="cpu", console=QUIET)
    assert weights.stat().st_mtime_ns == before
    train(TINY, runs_dir=tmp_path, device="cpu", console=QUIET, force=True)
    assert weights.stat().st_mtime_ns > before


def test_a_stopped_run_is_not_thrown_away_unasked(tmp_path: Path) -> None:
    folder = tmp_path / QUICK.run_name
    folder.mkdir()
    (folder / STATE).write_bytes(b"something")
    with pytest.raises(RunError, match="--resume, or start over with --force"):
        train(QUICK, runs_dir=tmp_path, device="cpu", console=QUIET)


def test_a_state_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = tmp_path / QUICK.run_name
    folder.mkdir()
    (folder / STATE).write_bytes(b"cut short")
    with pytest.raises(RunError, match=r"state\.ckpt: cannot be read.*--force"):
        train(QUICK, runs_dir=tmp_path, device="cpu", console=QUIET, resume=True)


def test_a_run_that_was_not_made_is_refused_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="backdoors train quick"):
        find(QUICK, tmp_path)
    with pytest.raises(RunError, match="no finished run"):
        Run.open(tmp_path)


@pytest.fixture
def copied(finished: Run, tmp_path: Path) -> Run:
    """A run that may be damaged."""
    shutil.copytree(finished.path, tmp_path / finished.path.name)
    return Run.open(tmp_path / finished.path.name)


def two_rows(path: Path) -> None:
    save_file({name: tensor[:2] if "dense2" in name else tensor for name, tensor in load_file(path).items()}, path)


def no_head(path: Path) -> None:
    save_file({name: tensor for name, tensor in load_file(path).items() if "dense2" not in name}, path)


def other_layer(path: Path) -> None:
    save_file({name: tensor[:3] if name == "dense1.bias" else tensor for name, tensor in load_file(path).items()}, path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (two_rows, "holds a network of 2 classes, expected the 10 of metrics.json"),
        (no_head, "holds 6 tensors, expected the network's 8; the first that differs is dense2.bias"),
        (other_layer, "holds dense1.bias of shape (3,), expected (128,)"),
        (cut, "expected a complete safetensors file, found a damaged one"),
        (empty, "expected a complete safetensors file, found a damaged one"),
        (Path.unlink, "the run's weights are missing"),
    ],
)
def test_weights_that_are_not_the_networks_are_one_clear_line(
    copied: Run, damage: Callable[[Path], None], said: str
) -> None:
    damage(copied.path / WEIGHTS)
    with pytest.raises(RunError) as caught:
        weights.network(copied)
    assert str(caught.value).startswith(f"{copied.path / WEIGHTS}: {said}")
    assert str(caught.value).endswith("train it again with: backdoors train quick --force")
    assert "\n" not in str(caught.value)


def test_test_images_of_other_classes_than_the_networks_are_refused(finished: Run) -> None:
    test_set = load("digits", "test")
    finished.require_classes(test_set)
    with pytest.raises(RunError, match=r"10 classes, .* has 9; .* number 9, expected '9', found 'none'"):
        finished.require_classes(test_set._replace(classes=test_set.classes[:9]))
    with pytest.raises(RunError, match="number 0, expected '0', found '9'"):
        finished.require_classes(test_set._replace(classes=test_set.classes[::-1]))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"attack": {"trigger": {"kind": "sinusoid", "periods": 28}}},
            "attack.trigger: a sinusoid of 28 periods over the whole image, of amplitude 20 of 255 changes no pixel of",
        ),
        ({"attack": {"trigger": {"kind": "patch", "top": 27}}}, "attack.trigger: the patch trigger covers rows 27-28"),
        (
            {"attack": {"label_map": {"kind": "all-to-one", "target": 17}}},
            "attack.label_map.target: the target is class 17, but the task has classes 0 to 9",
        ),
        ({"network": {"name": "mnist-cn"}}, "network.name: there is no network 'mnist-cn'; did you mean 'mnist-cnn'?"),
        ({"network": {"name": "mobilenet-v2"}}, "network.name: mobilenet-v2 takes images of 3 channels"),
    ],
)
def test_a_recipe_that_its_data_does_not_suit_is_refused_before_anything_is_written(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    recipe = ScratchRecipe.model_validate(QUICK.model_dump(exclude_none=True) | changed)
    with pytest.raises(RunError) as caught:
        train(recipe, runs_dir=tmp_path / "runs", device="cpu", console=QUIET)
    assert str(caught.value).startswith(f"quick: {said}")
    assert not (tmp_path / "runs").exists()


def test_a_run_whose_recipe_was_changed_is_refused(finished: Run, tmp_path: Path) -> None:
    folder = tmp_path / "changed"
    folder.mkdir()
    (folder / METRICS).write_bytes((finished.path / METRICS).read_bytes())
    (folder / "recipe.toml").write_text(to_toml(QUICK.model_copy(update={"seed": 9})), encoding="utf-8")
    with pytest.raises(RunError, match="its hash differs"):
        Run.open(folder)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A recipe file, and the run of it that nobody stopped."""
    folder = tmp_path_factory.mktemp("unbroken")
    wanted = load_recipe("digits-badnet")
    assert isinstance(wanted, ScratchRecipe)
    wanted = wanted.model_copy(
        update={
            "data": wanted.data.model_copy(update={"validation": 0.7}),  # three epochs of few images are soon trained
            "training": wanted.training.model_copy(update={"epochs": 3}),
        }
    )
    recipe = folder / "recipe.toml"
    recipe.write_text(to_toml(wanted), encoding="utf-8")
    return recipe, train(wanted, runs_dir=folder, device="cpu", console=QUIET)


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_killed_and_resumed_gives_the_bits_of_one_that_was_not(
    unbroken: tuple[Path, Run], tmp_path: Path, stop: signal.Signals
) -> None:
    recipe, whole = unbroken
    folder = tmp_path / whole.path.name
    stopped = subprocess.run(
        [sys.executable, "-m", "tests.training.stopped", str(int(stop)), "2", "7", "train", str(recipe),
         "--runs", str(tmp_path), "--device", "cpu"],
        capture_output=True, check=False, timeout=PATIENCE,
        env=os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads())},
    )  # fmt: skip
    assert stopped.returncode == (-signal.SIGKILL if stop == signal.SIGKILL else 130)
    assert b"Traceback" not in stopped.stderr
    assert not (folder / METRICS).exists()
    done = (folder / "history.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(done) == 1

    resumed = train(whole.recipe, runs_dir=tmp_path, device="cpu", console=QUIET, resume=True)
    assert (folder / WEIGHTS).read_bytes() == (whole.path / WEIGHTS).read_bytes()
    assert resumed.metrics.measurement == whole.metrics.measurement
    # the epochs before the kill were not trained again
    assert [json.loads(line) for line in done] == [line.model_dump() for line in resumed.history[: len(done)]]
    assert [line.loss for line in resumed.history] == [line.loss for line in whole.history]
