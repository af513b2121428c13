"""The command `study-fine-tuning`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli.common import DataDir, RunsDir, percent, show
from training.cli.errors import resumable
from training.core.errors import RunError


def study_fine_tuning_command(  # noqa: PLR0913, PLR0917 - a command's options
    ctx: typer.Context,
    study: Annotated[
        Path, typer.Argument(metavar="STUDY", help="The JSON file of a study to change, or of a new one.")
    ],
    student: Annotated[
        str, typer.Argument(metavar="STUDENT", help="A recipe: the student of a teacher with a latent backdoor.")
    ],
    control: Annotated[str, typer.Argument(metavar="CONTROL", help="A recipe: the same student of the clean teacher.")],
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds to train and fine-tune each student with.")] = 3,
    data: DataDir = None,
    runs: RunsDir = None,
) -> None:
    """Choose the strength of fine-tuning on validation images, then measure what it leaves over several seeds.

    All else in the study stays as it is. The teachers may be trained here, or restored from released models. Results
    are saved as they arrive: run the command again to resume.

    Example: backdoors study-fine-tuning runs/latent.json latent-digits-student-latent latent-digits-student-clean
    """
    from training.core.console import stderr_console
    from training.core.files import default_runs_dir, require_writable_file, write_text
    from training.recipes.load import load
    from training.recipes.transfer import TransferRecipe
    from training.studies import fine_tuning
    from training.studies.schema import Study, read_study

    resumable(ctx)
    recipes = [load(name) for name in (student, control)]
    students = [recipe for recipe in recipes if isinstance(recipe, TransferRecipe)]
    if len(students) < len(recipes):
        raise RunError("backdoors study-fine-tuning takes recipes of kind 'transfer': students on frozen features")
    require_writable_file(study)
    empty = Study(student=students[0].name, results=[], altered=[], defended=[])
    before = read_study(study) if study.exists() else empty
    found = fine_tuning.measure(
        (students[0], students[1]), list(range(1, seeds + 1)), before, runs_dir=runs or default_runs_dir(),
        data_dir=data, console=stderr_console(),
        keep=lambda made: write_text(study, made.model_dump_json(indent=1) + "\n"),
    )  # fmt: skip
    for row in found.fine_tunings.rows if found.fine_tunings else []:
        how = "not fine-tuned" if row.layer is None else f"layer {row.layer} on, at {row.learning_rate:g}"
        measured = row.measurement
        success = "" if measured.attack_success_rate is None else f"  ASR {percent(measured.attack_success_rate)}"
        show(f"{row.student:30} seed {row.seed}  {how:24} clean accuracy {percent(measured.clean_accuracy)}{success}")
