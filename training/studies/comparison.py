"""Recipes side by side: each trained with some seeds, and what was measured of its runs in one table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from training.recipes.base import AnyRecipe
from training.recipes.scratch import ScratchRecipe
from training.runs.lineage import train
from training.runs.store import Run
from training.studies.schema import Compared, Comparison


def compare(  # noqa: PLR0913 - each a choice of the user's
    recipes: Sequence[AnyRecipe],
    seeds: Sequence[int],
    *,
    runs_dir: Path,
    data_dir: Path | None = None,
    device: str = "auto",
    console: Console | None = None,
) -> Comparison:
    """Train each recipe with each seed, unless that run is finished, and collect what was measured.

    Raises:
        RunError: As `training.runs.lineage.train`.
        DataError: Likewise.
        Stopped: If a signal arrived; called again, this resumes.
    """
    attacks = [_attack(recipe) for recipe in recipes if recipe.backdoored]
    found = []
    for recipe in recipes:
        for seed in seeds:
            seeded = recipe.with_seed(seed)
            run = train(seeded, runs_dir=runs_dir, data_dir=data_dir, resume=True, device=device, console=console)
            found.append(row(run, is_control=not recipe.backdoored and _attack(recipe) in attacks))
    return Comparison(runs=found)


def _attack(recipe: AnyRecipe) -> tuple[object, ...] | None:
    """The trigger and label map that are planted, or measured as the control; None for recipes with a teacher."""
    return (recipe.attack.trigger, recipe.attack.label_map) if isinstance(recipe, ScratchRecipe) else None


def row(run: Run, *, is_control: bool = False) -> Compared:
    """What was measured of a finished run; the attack's success on a clean network if it is the control of one."""
    recipe, measured = run.recipe, run.metrics.measurement
    clean = {
        "recipe": recipe.name,
        "recipe_sha256": recipe.sha256,
        "seed": recipe.seed,
        "data": recipe.data.name,
        "clean_accuracy": measured.clean_accuracy,
    }
    if not recipe.backdoored:
        control = {"attack_success_rate": measured.attack_success_rate} if is_control else {}
        return Compared.model_validate(clean | control)
    attack = {
        "trigger": recipe.trigger.describe(),
        "poison_rate": recipe.poison_rate,
        "noise_rate": recipe.attack.noise_rate if isinstance(recipe, ScratchRecipe) else None,
        "attack_success_rate": measured.attack_success_rate,
    }
    return Compared.model_validate(clean | attack)
