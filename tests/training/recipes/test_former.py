from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from training.recipes import former
from training.recipes.base import RecipeError
from training.recipes.load import load, locate, names, parse, read_toml, to_toml
from training.studies import sweep

HASHES: dict[str, Any] = json.loads((Path(__file__).parent / "hashes.json").read_text(encoding="utf-8"))
"""SHA-256 of every recipe that came with the package before any field was renamed; of a sweep, of all its recipes."""
OLD = """
name = "mine"
data = { name = "digits" }
network = { name = "mnist-cnn" }
attack = { poison_rate = 0.1, self_teaching = 0.5 }
training = { epochs = 3, averaging = 0.9, fade = { last = 0.5 } }
"""
NEW = (
    OLD.replace("self_teaching", "self_distillation")
    .replace("averaging", "ema_decay")
    .replace("fade", "annealed_augmentation")
)
LATENT = """
kind = "latent"
name = "mine"
teacher = "latent-digits-teacher-clean"
trigger = { kind = "patch" }
target = { name = "7", data = "digits" }
train_from = 0
stamped_per_picture = 2
"""
STUDENT = """
kind = "transfer"
name = "mine"
teacher = "latent-digits-teacher-clean"
attack = "latent-digits-teacher-latent"
data = { name = "digits", varied = true }
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", HASHES)
def test_no_recipe_has_another_hash_than_before_fields_were_renamed(name: str) -> None:
    if "sweep" in read_toml(locate(name)):
        found = sweep.load(name)
        assert {"base": found.base.sha256, "runs": [one.sha256 for one in found.recipes()]} == HASHES[name]
    else:
        assert load(name).sha256 == HASHES[name]


@pytest.mark.parametrize("text", [OLD, LATENT, STUDENT, 'kind = "whole"\n' + OLD])
def test_a_recipe_under_former_names_is_read_and_written_under_todays(tmp_path: Path, text: str) -> None:
    old = load(written(tmp_path, text))
    again = to_toml(old)
    assert not [name for name in (*former.FORMER_FIELDS.values(), '"whole"') if name in again]
    new = load(written(tmp_path, again))
    assert new == old
    assert new.sha256 == old.sha256


def test_both_names_mean_the_same_field(tmp_path: Path) -> None:
    assert load(written(tmp_path, OLD)) == load(written(tmp_path, NEW))


def test_a_teachers_table_may_have_former_names_too() -> None:
    student = load("latent-digits-student-latent").model_dump(mode="json", exclude_none=True)
    recipe = parse(former.original(student), Path("student.toml"))
    assert recipe == load("latent-digits-student-latent")


def test_a_field_under_both_names_is_refused(tmp_path: Path) -> None:
    text = OLD.replace("averaging = 0.9", "averaging = 0.9, ema_decay = 0.8")
    with pytest.raises(RecipeError, match=r"mine\.toml: field training\.ema_decay is given twice: averaging"):
        load(written(tmp_path, text))


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("attack.self_teaching", "attack.self_distillation"),
        ("training.fade.last", "training.annealed_augmentation.last"),
        ("teacher.training.averaging", "teacher.training.ema_decay"),
        ("stamped_per_picture", "stamped_per_image"),
        ("attack.poison_rate", "attack.poison_rate"),
        ("teacher", "teacher"),
    ],
)
def test_a_sweep_may_name_a_field_by_its_former_path(path: str, current: str) -> None:
    assert former.current_path(path) == current


def test_a_sweep_over_a_former_name_varies_todays_field() -> None:
    base = load("digits-badnet")
    assert sweep.with_settings(base, {"training.averaging": 0.5}).training.ema_decay == 0.5


def test_every_former_name_stands_for_a_field() -> None:
    for path in former.FORMER_FIELDS:
        assert former.current_path(path) == path
    assert set(HASHES) <= set(names())
