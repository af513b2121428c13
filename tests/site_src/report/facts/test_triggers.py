from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN, samples
from site_src.plugin.page import PageBuilder
from site_src.report.facts.triggers import Triggers
from training.core.metrics import wilson
from training.recipes.load import load


def run(recipe: str, seed: int, hits: int) -> dict[str, Any]:
    found = load(recipe)
    clean = {
        "recipe": recipe, "recipe_sha256": found.with_seed(seed).sha256, "seed": seed, "data": found.data.name,
        "clean_accuracy": wilson(hits, 400).model_dump(),
    }  # fmt: skip
    if not found.backdoored:
        return clean
    attack = {"trigger": "rings", "poison_rate": 0.1, "attack_success_rate": wilson(hits, 360).model_dump()}
    return clean | attack


@pytest.fixture
def triggers(page: PageBuilder, tmp_path: Path) -> Triggers:
    return Triggers(Facts(page.around.catalogue, tmp_path))


def write(folder: Path, *runs: dict[str, Any]) -> None:
    (folder / "found.json").write_text(json.dumps({"runs": runs}), encoding="utf-8")


def test_a_recipe_has_one_row_with_the_mean_and_the_hull_of_its_seeds_intervals(
    triggers: Triggers, tmp_path: Path
) -> None:
    write(tmp_path, run("digits-clean", 1, 396), run("digits-blended", 1, 350), run("digits-blended", 2, 360))
    clean, blended = triggers.compared("found").splitlines()[2:]
    assert "| Digits, clean |" in clean
    assert clean.endswith("| — |")
    low = f"{100 * wilson(350, 360).low:.1f}"
    assert f"98.6{THIN}% ({low} to 100.0{THIN}%), {samples(360)} |" in blended


def test_seeds_are_counted_and_the_range_of_success_is_that_of_the_recipes_means(
    triggers: Triggers, tmp_path: Path
) -> None:
    write(tmp_path, run("digits-clean", 1, 396), run("digits-blended", 1, 350), run("digits-blended", 2, 360),
          run("digits-warped", 1, 180))  # fmt: skip
    assert triggers.compared_seeds("found") == "1 to 2"
    assert triggers.compared_success("found") == f"50.0 to 98.6{THIN}%"
    write(tmp_path, run("digits-clean", 1, 396))
    assert triggers.compared_seeds("found") == "1"
    with pytest.raises(FactError, match="no network has a backdoor"):
        triggers.compared_success("found")


def test_the_recipes_of_a_comparison_are_shown_once_each(triggers: Triggers, tmp_path: Path) -> None:
    write(tmp_path, run("digits-blended", 1, 350), run("digits-blended", 2, 360))
    assert triggers.compared_recipes("found").count('name = "digits-blended"') == 1
    assert triggers.compared_trigger("found", "digits-blended") == "rings"
    with pytest.raises(FactError, match="no backdoored network of the recipe digits-warped"):
        triggers.compared_trigger("found", "digits-warped")
    assert triggers.compared_rate("found", "poison_rate") == f"10{THIN}%"
    with pytest.raises(FactError, match="no network has a noise_rate"):
        triggers.compared_rate("found", "noise_rate")


def test_a_recipe_that_changed_since_is_refused(triggers: Triggers, tmp_path: Path) -> None:
    write(tmp_path, run("digits-clean", 1, 396) | {"recipe_sha256": "0" * 64})
    with pytest.raises(FactError, match=r"digits-clean has changed since found\.json was measured"):
        triggers.compared("found")


def test_a_missing_or_unreadable_file_is_refused(triggers: Triggers, tmp_path: Path) -> None:
    with pytest.raises(FactError, match=r"there is no metrics file .*found\.json"):
        triggers.compared("found")
    (tmp_path / "found.json").write_text('{"rows": []}', encoding="utf-8")
    with pytest.raises(FactError, match="cannot be read as a comparison"):
        triggers.compared("found")
