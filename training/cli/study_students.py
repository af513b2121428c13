"""The command `study-students`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli.common import DataDir, RunsDir, percent, show
from training.core.errors import RunError


def study_students_command(
    study: Annotated[
        Path, typer.Argument(metavar="STUDY", help="The JSON file of a study to change, or of a new one.")
    ],
    students: Annotated[list[str], typer.Argument(metavar="STUDENT...", help="Recipes of students.")],
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds to train each student with.")] = 3,
    data: DataDir = None,
    runs: RunsDir = None,
) -> None:
    """Measure students over several seeds, their teachers unchanged, and replace their rows in a study.

    The teachers may be trained here, or restored from released models. A study that does not exist yet is begun; in one
    that does, all other rows stay as they are.

    Example: backdoors study-students runs/figures.json figures-student-latent figures-student-clean
    """
    from training.core.console import stderr_console
    from training.core.files import default_runs_dir, require_writable_file, write_text
    from training.recipes.load import load
    from training.recipes.transfer import TransferRecipe
    from training.studies import latent
    from training.studies.schema import Study, read_study

    recipes = [load(name) for name in dict.fromkeys(students)]
    wanted = [recipe for recipe in recipes if isinstance(recipe, TransferRecipe)]
    if len(wanted) < len(recipes):
        raise RunError("backdoors study-students takes recipes of kind 'transfer': students on frozen features")
    require_writable_file(study)
    empty = Study(student=wanted[0].name, results=[], altered=[], defended=[])
    before = read_study(study) if study.exists() else empty
    found = latent.again(
        wanted, list(range(1, seeds + 1)), before, runs_dir=runs or default_runs_dir(), data_dir=data,
        console=stderr_console(), keep=lambda made: write_text(study, made.model_dump_json(indent=1) + "\n"),
    )  # fmt: skip
    for each in found.results:
        measured = each.measurement
        if each.recipe in {recipe.name for recipe in wanted}:
            success = "" if measured.attack_success_rate is None else f"  ASR {percent(measured.attack_success_rate)}"
            show(f"{each.recipe:40} seed {each.seed}  clean accuracy {percent(measured.clean_accuracy)}{success}")
