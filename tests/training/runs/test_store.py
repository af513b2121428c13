from __future__ import annotations

import os
from pathlib import Path

import pytest

from training.core.errors import RunError
from training.core.files import write_text
from training.core.metrics import Measurement, wilson
from training.recipes.base import RecipeError
from training.recipes.load import load, to_toml
from training.recipes.scratch import ScratchRecipe
from training.runs.store import HISTORY, RECIPE, Facts, Metrics, Run, find, find_named, finish

FILE = """
name = "my-attack"
data = { name = "digits" }
network = { name = "mnist-cnn" }
training = { epochs = 3 }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "recipes" / "some-file.toml"
    write_text(path, FILE)
    return path


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def finished_run(recipe: object, runs: Path, when: int = 1_000) -> Run:
    """A run that holds no weights, finished `when` seconds after the epoch."""
    assert isinstance(recipe, ScratchRecipe)
    folder = runs / recipe.run_name
    write_text(folder / RECIPE, to_toml(recipe))
    facts = Facts(
        recipe=recipe.name, recipe_sha256=recipe.sha256, seed=recipe.seed, data="digits", data_sha256={}, samples=1,
        poisoned=0, classes=["0"], epochs=3, precision="32-true", device="cpu", threads=1, seconds=1, versions={},
    )  # fmt: skip
    finish(folder, Metrics(measurement=Measurement(data="digits test", clean_accuracy=wilson(1, 1)), training=facts))
    os.utime(folder / "metrics.json", (when, when))
    return Run.open(folder)


def test_a_run_of_a_recipe_file_is_known_by_name_by_file_and_by_folder(file: Path, runs: Path) -> None:
    made = finished_run(load(file), runs)
    for given in ("my-attack", str(file), str(made.path), made.path.name):
        assert find_named(given, runs) == made


def test_a_recipe_of_the_package_is_known_by_name(runs: Path) -> None:
    made = finished_run(load("digits-clean"), runs)
    assert find_named("digits-clean", runs) == made == find(made.recipe, runs)


def test_of_several_runs_of_a_name_the_newest_is_meant(file: Path, runs: Path) -> None:
    new = finished_run(load(file), runs, when=2_000)
    write_text(file, FILE.replace("epochs = 3", "epochs = 4"))
    finished_run(load(file), runs, when=1_000)
    assert find_named("my-attack", runs) == new


def test_equally_new_runs_of_a_name_are_listed(file: Path, runs: Path) -> None:
    one = finished_run(load(file), runs)
    write_text(file, FILE.replace("epochs = 3", "epochs = 4"))
    other = finished_run(load(file), runs)
    with pytest.raises(RunError, match=r"equally new: .*; give the folder of one") as caught:
        find_named("my-attack", runs)
    assert str(one.path) in str(caught.value)
    assert str(other.path) in str(caught.value)


def test_a_name_that_begins_another_is_not_taken_for_it(file: Path, runs: Path) -> None:
    finished_run(load(file), runs)
    with pytest.raises(RunError, match=r"no finished run of that name in .*; did you mean 'my-attack'"):
        find_named("my-attac", runs)
    with pytest.raises(RunError, match="no recipe 'my'"):
        find_named("my", runs)


def test_what_was_not_trained_is_one_clear_line(file: Path, runs: Path) -> None:
    with pytest.raises(RunError, match="no finished run of digits-clean; make it with: backdoors train digits-clean"):
        find_named("digits-clean", runs)
    with pytest.raises(
        RunError, match=r"no finished run of my-attack; make it with: backdoors train .*some-file\.toml"
    ):
        find_named(file, runs)
    with pytest.raises(RunError, match="`backdoors recipes` lists"):
        find_named("zzz", runs)
    with pytest.raises(RecipeError, match=r"nowhere\.toml: there is no such recipe file"):
        find_named("nowhere.toml", runs)


def test_a_folder_without_a_finished_run_is_not_taken_for_a_recipe_file(runs: Path) -> None:
    (runs / "my-attack-0123456789ab").mkdir(parents=True)
    with pytest.raises(RunError, match="no finished run in this folder"):
        find_named(runs / "my-attack-0123456789ab", runs)


@pytest.mark.parametrize(("damaged", "words"), [("metrics.json", "metrics.json: .*JSON"), ("recipe.toml", "TOML")])
def test_a_damaged_run_names_the_file(file: Path, runs: Path, damaged: str, words: str) -> None:
    run = finished_run(load(file), runs)
    (run.path / damaged).write_bytes(b"{\xff")
    with pytest.raises(RunError, match=words):
        find_named(run.path, runs)


@pytest.mark.parametrize("damage", [b"{", b"\xff", b"[]\n"])
def test_a_damaged_history_names_the_line(file: Path, runs: Path, damage: bytes) -> None:
    run = finished_run(load(file), runs)
    (run.path / HISTORY).write_bytes(damage)
    with pytest.raises(RunError, match="line 1 is damaged"):
        _ = run.history
