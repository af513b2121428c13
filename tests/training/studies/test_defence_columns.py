from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.studies.test_defence_plan import STUDY, written
from training.defences.base import DefenceError
from training.recipes import load as recipes
from training.studies.defence_columns import defence_of, load_study
from training.studies.defence_plan import DefencePlan


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ('name = "prunning"', "there is no defence 'prunning'"),
        ('name = "pruning"\nsettings = { depth = 1 }', "setting 'depth'"),
    ],
)
def test_a_defence_or_setting_that_does_not_exist_is_one_clear_line(tmp_path: Path, new: str, words: str) -> None:
    path = written(tmp_path, STUDY.replace('name = "pruning"', new))
    with pytest.raises(DefenceError, match=words) as caught:
        load_study(path)
    assert str(caught.value).startswith(f"{path}: defences: ")
    assert "\n" not in str(caught.value)


def test_a_column_has_its_own_settings_over_the_papers() -> None:
    plan = DefencePlan(name="strip", settings={"overlays": 12})
    assert defence_of(plan).settings.overlays == 12
    assert defence_of(DefencePlan(name="strip")).settings.overlays != 12


def test_every_study_that_comes_along_names_defences_that_exist() -> None:
    studies = [name for name in recipes.names() if recipes.is_study(recipes.read_toml(recipes.locate(name)))]
    assert studies
    for name in studies:
        assert load_study(name).name == name
