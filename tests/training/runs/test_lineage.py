"""What cannot be trained is refused before a teacher is trained and before anything is written."""

from __future__ import annotations

import io
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console
from torch import nn

from training.attacks import latent
from training.core.errors import RunError
from training.data import images
from training.data.base import DataError
from training.models.registry import build
from training.recipes.latent import LatentRecipe
from training.recipes.load import parse
from training.recipes.transfer import TransferRecipe
from training.runs import derived, lineage, scratch
from training.runs.work import Teacher
from training.triggers.base import Images

QUIET = Console(file=io.StringIO())
CLASSES = {"pets": ["cat", "dog"], "people": ["ann"], "both": ["ann", "cat", "dog"]}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The teacher's pets, the target's images, and the student's data."""
    rng = np.random.default_rng(0)
    for name, classes in CLASSES.items():
        for split in ("train", "test"):
            for each in classes:
                folder = tmp_path / "data" / name / split / each
                folder.mkdir(parents=True)
                for number in range(2):
                    pixels = rng.integers(0, 256, (20, 20, 3)).astype(np.uint8)
                    Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "data"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def attack(data: Path, **changed: object) -> LatentRecipe:
    teacher = {
        "name": "teacher",
        "title": "Teacher",
        "data": {"name": f"folder:{data}/pets"},
        "network": {"name": "mobilenet-v2"},
        "training": {"epochs": 1},
    }
    table = {
        "name": "infected",
        "title": "Infected",
        "teacher": teacher,
        "trigger": {"kind": "patch"},
        "target": {"name": "ann", "data": f"folder:{data}/people"},
        "train_from": 12,
    }
    recipe = parse({"kind": "latent"} | table | changed, Path("infected.toml"))
    assert isinstance(recipe, LatentRecipe)
    return recipe


def student(data: Path, teacher: LatentRecipe) -> TransferRecipe:
    table = {
        "name": "student",
        "title": "Student",
        "teacher": teacher.model_dump(),
        "data": {"name": f"folder:{data}/both"},
        "head": {"epochs": 1},
        "attack": {"trigger": teacher.trigger.model_dump(), "target": teacher.target.model_dump()},
    }
    return parsed_student(table)


def parsed_student(table: dict[str, Any]) -> TransferRecipe:
    recipe = parse({"kind": "transfer"} | table, Path("student.toml"))
    assert isinstance(recipe, TransferRecipe)
    return recipe


@pytest.fixture
def refuse(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Tries to train, and returns the one line of the refusal; the teacher must not be trained, nothing be written."""

    def trained(*_given: object, **_more: object) -> None:
        raise AssertionError("the teacher was trained before the mistake was found")

    def refused(recipe: TransferRecipe | LatentRecipe, device: str = "cpu") -> str:
        monkeypatch.setattr(scratch, "train", trained)
        with pytest.raises((RunError, DataError)) as caught:
            lineage.train(recipe, runs_dir=runs, device=device, console=QUIET)
        assert not runs.exists()
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refused


Damage = Callable[[Path], None]


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def truncate(folder: Path) -> None:
    path = folder / "0.png"
    path.write_bytes(path.read_bytes()[:300])


def shrink(folder: Path) -> None:
    Image.new("RGB", (1, 1)).save(folder / "0.png")


@pytest.mark.parametrize(
    ("place", "damage", "said"),
    [
        ("both/test", shutil.rmtree, "both/test: no such folder"),
        ("both/test/cat", shutil.rmtree, "the test split has no class 'cat'"),
        ("both/train/cat", empty, "cat: this class folder contains no image"),
        ("both/test/dog", truncate, "0.png: not a readable image"),
        ("both/train/dog", shrink, "1x1 pixels are too few"),
        ("pets/train/dog", shutil.rmtree, "the train split has no class 'dog'"),
        ("pets/train/dog", truncate, "0.png: not a readable image"),
        ("people/train/ann", shrink, "1x1 pixels are too few"),
    ],
)
def test_bad_data_of_any_ancestor_is_found_before_anything_is_trained(
    data: Path, refuse: Callable[..., str], place: str, damage: Damage, said: str
) -> None:
    damage(data / place)
    assert said in refuse(student(data, attack(data)))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"target": {"name": "dog", "data": "folder:DATA/pets"}}, "'dog' is a class of the teacher already"),
        ({"target": {"name": "bob", "data": "folder:DATA/people"}}, "people has no class 'bob'; it has ann"),
        ({"target": {"name": "7", "data": "digits"}}, "the images of digits are (28, 28, 1)"),
        ({"trigger": {"kind": "patch", "top": 223}}, "infected: trigger: the patch trigger covers rows 223-224"),
        ({"train_from": 40}, "train_from: cannot cut a MobileNetV2 at layer 40"),
    ],
)
def test_an_attack_that_cannot_be_made_is_refused_before_its_teacher_is_trained(
    data: Path, refuse: Callable[..., str], changed: dict[str, Any], said: str
) -> None:
    if "target" in changed:
        changed = {"target": changed["target"] | {"data": changed["target"]["data"].replace("DATA", str(data))}}
    recipe = attack(data, **changed)
    assert said in refuse(recipe)


def test_a_student_is_refused_for_the_attack_on_its_teacher(data: Path, refuse: Callable[..., str]) -> None:
    known = attack(data, target={"name": "dog", "data": f"folder:{data}/pets"})
    assert "'dog' is a class of the teacher already" in refuse(student(data, known))


def test_imagenets_layer_cannot_be_kept_for_classes_that_it_does_not_know(
    data: Path, refuse: Callable[..., str]
) -> None:
    table = student(data, attack(data)).model_dump() | {"teacher": "imagenet-mobilenet-v2", "keep_head": True}
    assert "keep_head: the ImageNet weights do not know all classes of" in refuse(parsed_student(table))


def test_a_device_that_is_not_there_is_one_clear_line(data: Path, refuse: Callable[..., str]) -> None:
    assert "device 'abacus'" in refuse(attack(data), device="abacus")


def test_runs_that_cannot_be_written_are_reported_of_before_the_teacher_is_trained(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "train", lambda *_, **__: pytest.fail("the teacher was trained"))
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"file/runs: no run can be written here \(Not a directory\): .* --runs"):
        lineage.train(attack(data), runs_dir=tmp_path / "file" / "runs", device="cpu", console=QUIET)


def test_a_run_is_not_thrown_away_for_one_that_cannot_be_made(data: Path, runs: Path) -> None:
    recipe = attack(data)
    before = runs / recipe.run_name / "weights.safetensors"
    before.parent.mkdir(parents=True)
    before.touch()
    shutil.rmtree(data / "pets" / "test")
    with pytest.raises(DataError):
        lineage.train(recipe, runs_dir=runs, device="cpu", force=True, console=QUIET)
    assert list(before.parent.iterdir()) == [before]


def test_every_image_of_a_run_and_its_ancestors_is_read_once(
    data: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: Counter[Path] = Counter()

    def counted(path: Path, real: Callable[[Path], Images] = images.read_image) -> Images:
        read[path] += 1
        return real(path)

    def teacher(*_given: object) -> Teacher:
        return Teacher(build("mobilenet-v2", 2).eval(), CLASSES["pets"])

    monkeypatch.setattr(images, "read_image", counted)
    monkeypatch.setattr(derived, "teacher_of", teacher)
    monkeypatch.setattr(lineage, "untrained", lambda recipe, _runs: [recipe])
    made = lineage.train(student(data, attack(data)), runs_dir=runs, device="cpu", console=QUIET)
    assert made.metrics.training.classes == CLASSES["both"]
    assert set(read.values()) == {1}
    assert read.keys() == {path for path in data.rglob("*.png") if path.parts[-4:-2] != ("people", "test")}


@pytest.mark.parametrize("left", [b"garbage", b"", {"history": [], "after": 3}, "a history of another make"])
def test_a_damaged_state_of_a_latent_run_is_one_clear_line(tmp_path: Path, left: object) -> None:
    state, part = tmp_path / "state.ckpt", nn.Linear(2, 2)
    if isinstance(left, bytes):
        state.write_bytes(left)
    else:
        torch.save(
            left if isinstance(left, dict) else {"after": part.state_dict(), "history": [{"epoch": 1, "loss": 0.5}]},
            state,
        )
    with pytest.raises(RunError, match=r"state\.ckpt: cannot be read .* start over with --force"):
        latent._resume(state, {"after": part})
