from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from training.core.errors import RunError
from training.recipes.scratch import ScratchRecipe
from training.runs.lineage import train


def test_a_training_that_diverges_says_so_and_leaves_no_run(tmp_path: Path) -> None:
    recipe = ScratchRecipe.model_validate(
        {
            "name": "diverging",
            "title": "A learning rate that is far too high",
            "data": {"name": "digits[0,1]"},
            "network": {"name": "lab-cnn"},
            "training": {"epochs": 1, "batch_size": 64, "learning_rate": 1e300},
        }
    )
    with pytest.raises(RunError, match=r"epoch 1: the loss is nan: lower the recipe's learning rate"):
        train(recipe, runs_dir=tmp_path, device="cpu", console=Console(file=io.StringIO()))
    assert not list(tmp_path.glob("*/metrics.json"))
