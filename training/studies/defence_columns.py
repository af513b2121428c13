"""The defences that a study of defences names, with their settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.defences import registry
from training.defences.base import Defence, DefenceError
from training.recipes.load import locate
from training.studies.defence_plan import DefencePlan, DefenceStudy, read_plan


def defence_of(plan: DefencePlan) -> Defence[Any]:
    """The defence of a column, with the column's settings.

    Raises:
        DefenceError: If there is no such defence or setting.
    """
    return registry.find(plan.name).with_settings(plan.settings)


def load_study(name_or_path: str | Path) -> DefenceStudy:
    """Load a study of defences by its name or its file, to run it.

    Raises:
        RecipeError: As `read_plan`.
        DefenceError: If it names a defence or a setting that does not exist.
    """
    study = read_plan(name_or_path)
    for each in study.defences:
        try:
            defence_of(each)
        except DefenceError as error:
            raise DefenceError(f"{locate(name_or_path)}: defences: {error}") from error
    return study
