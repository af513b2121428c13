from __future__ import annotations

from pathlib import Path

import pytest

from training.recipes import load as recipe
from training.recipes.base import RecipeError
from training.recipes.load import to_toml
from training.studies import sweep

SMALL = """
name = "mine"
title = "Mine"
[data]
name = "digits"
[network]
name = "mnist-cnn"
[training]
epochs = 3
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> str:
    with pytest.raises(RecipeError) as caught:
        recipe.load(written(folder, text))
    message = str(caught.value)
    assert str(folder / "mine.toml") in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", recipe.names())
def test_every_recipe_that_comes_along_can_be_loaded_and_is_named_after_its_file(name: str) -> None:
    try:
        assert recipe.load(name).name == name
    except RecipeError:
        assert sweep.load(name).base.name == name


def test_the_clean_and_the_backdoored_recipe_have_the_same_trigger_and_label_map() -> None:
    for data in ("mnist", "digits"):
        clean, backdoored = recipe.load(f"{data}-clean"), recipe.load(f"{data}-badnet")
        assert (clean.trigger, clean.label_map_for([])) == (backdoored.trigger, backdoored.label_map_for([]))
        assert (clean.poison_rate, backdoored.poison_rate) == (0, 0.1)


def test_a_recipe_written_out_in_full_is_the_same_recipe(tmp_path: Path) -> None:
    for text in (SMALL, SMALL + '[attack]\ntrigger = { kind = "pattern", values = [[255, -1], [0, 3]] }\n'):
        short = recipe.load(written(tmp_path, text))
        full = recipe.load(written(tmp_path, to_toml(short)))
        assert full == short
        assert full.sha256 == short.sha256


def test_the_hash_of_a_recipe_never_changes(tmp_path: Path) -> None:
    # released runs are named after it: a schema change that alters this must not happen
    loaded = recipe.load(written(tmp_path, SMALL))
    assert loaded.sha256 == "c4261f2622386013d24f2f5e4bfb266a5ca3cf5f463aa8cdb10414685b7766d8"


def test_title_and_description_have_no_say_in_the_hash(tmp_path: Path) -> None:
    first = recipe.load(written(tmp_path, SMALL))
    other = recipe.load(written(tmp_path, SMALL.replace('"Mine"', '"Yours"')))
    assert first.sha256 == other.sha256


@pytest.mark.parametrize(
    ("old", "new"), [("epochs = 3", "epochs = 4"), ('name = "mine"', 'name = "mine"\nseed = 5'), ("digits", "mnist")]
)
def test_whatever_decides_the_result_changes_the_hash(tmp_path: Path, old: str, new: str) -> None:
    first = recipe.load(written(tmp_path, SMALL))
    assert recipe.load(written(tmp_path, SMALL.replace(old, new))).sha256 != first.sha256


def test_a_changed_copy_has_a_hash_of_its_own(tmp_path: Path) -> None:
    loaded = recipe.load(written(tmp_path, SMALL))
    assert loaded.sha256 != loaded.model_copy(update={"seed": 5}).sha256


def test_an_unknown_recipe_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(RecipeError, match="did you mean 'mnist-badnet'"):
        recipe.load("mnist-badnets")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(RecipeError, match=r"nowhere/mine\.toml: there is no such recipe file"):
        recipe.load("nowhere/mine.toml")


def test_a_misspelt_field_is_answered_with_the_nearest_one(tmp_path: Path) -> None:
    assert "unknown field training.epoch (did you mean 'epochs'?)" in refused(tmp_path, SMALL + "epoch = 3\n")


def test_a_wrong_value_is_named_with_its_field_and_what_was_found(tmp_path: Path) -> None:
    message = refused(tmp_path, SMALL + "[attack]\npoison_rate = 3\n")
    assert "attack.poison_rate" in message
    assert "found 3" in message


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    assert "field training.epochs: field required" in refused(tmp_path, SMALL.replace("epochs = 3", ""))


def test_a_file_that_is_no_toml_is_refused_with_the_place(tmp_path: Path) -> None:
    assert "line 2, column 1" in refused(tmp_path, "name = 1\n= 2\n")


def test_a_sweep_is_no_single_recipe_and_says_what_to_run() -> None:
    with pytest.raises(RecipeError, match="backdoors sweep mnist-poison-rate"):
        recipe.load("mnist-poison-rate")
    with pytest.raises(RecipeError, match="backdoors train mnist-clean"):
        sweep.load("mnist-clean")


def test_a_recipe_cannot_be_changed_in_place(tmp_path: Path) -> None:
    loaded = recipe.load(written(tmp_path, SMALL))
    with pytest.raises(ValueError, match="frozen"):
        loaded.seed = 3  # type: ignore[misc]
