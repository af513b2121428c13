from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from training.cli.main import app
from training.recipes.load import names

TINY = """
name = "tiny"
title = "Tiny"
[data]
name = "digits"
[network]
name = "mnist-cnn"
[training]
epochs = 1
batch_size = 64
"""


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def test_a_recipe_file_is_trained_and_a_finished_run_is_not_repeated(tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(TINY, encoding="utf-8")
    code, stdout, _ = invoke("train", recipe, "--runs", tmp_path, "--device", "cpu")
    assert code == 0
    assert "clean accuracy" in stdout
    assert "of 359" in stdout
    code, again, stderr = invoke("train", recipe, "--runs", tmp_path, "--device", "cpu")
    assert code == 0
    assert again == stdout
    assert "already finished; --force" in stderr


def refused(*arguments: str | Path) -> str:
    """The one line of a command that is refused."""
    code, stdout, stderr = invoke(*arguments)
    assert (code, stdout) == (1, "")
    assert len(stderr.strip().splitlines()) == 1
    assert stderr.startswith("error: ")
    return stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "mnist-badnt"], "did you mean 'mnist-badnet'?"),
        (["train", "nowhere/at-all.toml"], "no such recipe file"),
        (["train", "mnist-poison-rate"], "backdoors sweep mnist-poison-rate"),
        (["train", "digits-clean", "--device", "abacus"], "abacus"),
        (["sweep", "digits-clean"], "backdoors train digits-clean"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_1(tmp_path: Path, arguments: list[str], words: str) -> None:
    code, stdout, stderr = invoke(*arguments, "--runs", tmp_path)
    assert code == 1
    assert stdout == ""
    assert words in stderr
    assert len(stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('[attack.trigger]\nkind = "patch"\ntop = 27\n', "tiny: attack.trigger: the patch trigger covers rows 27-28"),
        (
            '[attack.label_map]\nkind = "all-to-one"\ntarget = 17\n',
            "tiny: attack.label_map.target: the target is class 17, but the task has classes 0 to 9",
        ),
    ],
)
def test_a_trigger_or_label_map_that_does_not_fit_is_one_line_and_leaves_nothing(
    tmp_path: Path, table: str, words: str
) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(TINY + table, encoding="utf-8")
    assert words in refused("train", recipe, "--runs", tmp_path / "runs", "--device", "cpu")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]


def test_a_place_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(TINY, encoding="utf-8")
    where = recipe / "runs"
    stderr = refused("train", recipe, "--runs", where, "--device", "cpu")
    assert f"{where}: no run can be written here" in stderr
    assert "--runs" in stderr
    stderr = refused("sweep", "digits-poison-grid", "--runs", where, "--on", "here")
    assert f"{where}" in stderr
    invoke("train", recipe, "--runs", tmp_path, "--device", "cpu")
    stderr = refused("history", recipe, "--runs", tmp_path, "--out", where / "history.json")
    assert f"{where}: cannot be read or written" in stderr


def test_breeds_that_are_not_named_as_stanfords_are_one_line(tmp_path: Path) -> None:
    for split in ("train", "test"):
        (tmp_path / "stanford-dogs" / split / "beagle").mkdir(parents=True)
    stderr = refused("train", "dogs-teacher-clean", "--data", tmp_path, "--runs", tmp_path / "runs", "--device", "cpu")
    assert "stanford-dogs/train: class folder 'beagle' is not named <wnid>-<Breed>" in stderr
    assert not (tmp_path / "runs").exists()


def test_a_folder_without_the_data_is_one_line(tmp_path: Path) -> None:
    code, _, stderr = invoke("train", "mnist-clean", "--data", tmp_path, "--runs", tmp_path)
    assert code == 1
    assert "train-images-idx3-ubyte.gz: no such file" in stderr.splitlines()[-1]


def test_every_recipe_is_listed() -> None:
    code, stdout, _ = invoke("recipes")
    assert code == 0
    assert [line.split()[0] for line in stdout.splitlines()] == names()


def test_the_history_of_a_finished_run_is_one_json_document(tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(TINY, encoding="utf-8")
    code, _, stderr = invoke("history", recipe, "--runs", tmp_path)
    assert code == 1
    assert f"backdoors train {recipe}" in stderr
    invoke("train", recipe, "--runs", tmp_path, "--device", "cpu")
    for named in (recipe, "tiny", next(tmp_path.glob("tiny-*"))):  # its file, its name and the run's folder
        code, stdout, _ = invoke("history", named, "--runs", tmp_path)
        assert code == 0
    assert [line["epoch"] for line in json.loads(stdout)["epochs"]] == [1]
    code, stdout, _ = invoke("history", recipe, "--runs", tmp_path, "--out", tmp_path / "new" / "tiny.json")
    assert (code, stdout) == (0, "")
    assert json.loads((tmp_path / "new" / "tiny.json").read_text(encoding="utf-8"))["recipe"] == "tiny"
