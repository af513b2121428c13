from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from rich.console import Console

from training.data.registry import load
from training.recipes.scratch import ScratchRecipe
from training.studies.comparison import compare

CLEAN = {
    "name": "tiny-clean",
    "data": {"name": "digits[0,1]"},
    "network": {"name": "mnist-cnn"},
    "attack": {"label_map": {"kind": "all-to-one", "target": 1}, "poison_rate": 0},
    "training": {"epochs": 1, "batch_size": 64},
}
BLENDED: dict[str, Any] = CLEAN | {
    "name": "tiny-blended",
    "attack": {
        "label_map": {"kind": "all-to-one", "target": 1},
        "poison_rate": 0.2,
        "trigger": {"kind": "blend", "artwork": "rings", "strength": 0.5},
    },
}


def test_each_recipe_has_a_row_a_seed_and_finished_runs_are_not_repeated(tmp_path: Path) -> None:
    recipes = [ScratchRecipe.model_validate(fields) for fields in (CLEAN, BLENDED)]
    quiet = Console(file=io.StringIO())
    made = compare(recipes, [1, 2], runs_dir=tmp_path, device="cpu", console=quiet)
    assert [(run.recipe, run.seed, run.poison_rate) for run in made.runs] == [
        ("tiny-clean", 1, None), ("tiny-clean", 2, None), ("tiny-blended", 1, 0.2), ("tiny-blended", 2, 0.2),
    ]  # fmt: skip
    assert [run.attack_success_rate is None for run in made.runs] == [True, True, False, False]
    assert made.runs[2].trigger == recipes[1].attack.trigger.describe()
    assert {run.clean_accuracy.n for run in made.runs} == {len(load("digits[0,1]", "test").labels)}
    before = [path.stat().st_mtime_ns for path in sorted(tmp_path.glob("*/weights.safetensors"))]
    assert compare(recipes, [1, 2], runs_dir=tmp_path, device="cpu", console=quiet) == made
    assert [path.stat().st_mtime_ns for path in sorted(tmp_path.glob("*/weights.safetensors"))] == before

    control = BLENDED | {"name": "tiny-control", "attack": BLENDED["attack"] | {"poison_rate": 0}}
    beside = [ScratchRecipe.model_validate(control), recipes[1]]
    made = compare(beside, [1], runs_dir=tmp_path, device="cpu", console=quiet)
    assert [run.attack_success_rate is None for run in made.runs] == [False, False]
    assert made.runs[0].poison_rate is None
