from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from training import sweep
from training.recipe import Recipe, RecipeError
from training.sweep import Axes, Sweep, Table

QUIET = Console(file=io.StringIO())
TINY = Recipe.model_validate(
    {
        "name": "tiny",
        "title": "Tiny",
        "data": {"name": "digits"},
        "network": {"name": "mnist-cnn"},
        "attack": {"label_map": {"kind": "all-to-one", "target": 7}},
        "training": {"epochs": 1, "batch_size": 64},
    }
)
TINY_SWEEP = Sweep(base=TINY, axes=Axes(rates=[0.01, 0.3], seeds=[1]))


def test_a_sweep_has_a_recipe_for_each_rate_and_seed_each_with_a_hash_of_its_own() -> None:
    recipes = Sweep(base=TINY, axes=Axes(rates=[0.001, 0.1], seeds=[1, 2, 3])).recipes()
    assert [(each.poison_rate, each.seed) for each in recipes] == [
        (rate, seed) for seed in (1, 2, 3) for rate in (0.001, 0.1)
    ]
    assert len({each.run_name for each in recipes}) == 6


def test_the_sweep_that_comes_along_spans_a_tenth_to_thirty_percent_with_three_seeds() -> None:
    axes = sweep.load("mnist-poison-rate").axes
    assert (min(axes.rates), max(axes.rates)) == (0.001, 0.3)
    assert len(axes.seeds) == 3


def test_a_sweep_makes_a_table_and_does_not_repeat_what_is_done(tmp_path: Path) -> None:
    out = tmp_path / "table.json"
    table = sweep.run(TINY_SWEEP, runs_dir=tmp_path, out=out, device="cpu", console=QUIET)
    assert Table.model_validate_json(out.read_bytes()) == table
    assert [(row.rate, row.poisoned) for row in table.rows] == [(0.01, 14), (0.3, 431)]
    weights = sorted(tmp_path.glob("tiny-*/weights.safetensors"))
    before = [path.stat().st_mtime_ns for path in weights]
    assert sweep.run(TINY_SWEEP, runs_dir=tmp_path, out=out, device="cpu", console=QUIET) == table
    assert [path.stat().st_mtime_ns for path in weights] == before


def test_a_wrong_axis_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[sweep]\nrate = [0.1]\nseeds = [1]\n", encoding="utf-8")
    with pytest.raises(RecipeError, match=r"table sweep: .*rates"):
        sweep.load(path)
