"""The command `study`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli.common import DataDir, RunsDir, percent, show
from training.cli.errors import resumable
from training.core.errors import RunError


def study_command(  # noqa: PLR0913, PLR0917 - a command's options
    ctx: typer.Context,
    student: Annotated[
        str, typer.Argument(metavar="STUDENT", help="A recipe: the student of a teacher with a latent backdoor.")
    ],
    control: Annotated[str, typer.Argument(metavar="CONTROL", help="A recipe: the same student of the clean teacher.")],
    others: Annotated[list[str] | None, typer.Option("--also", help="Another student to train with each seed.")] = None,
    inspect: Annotated[
        str | None, typer.Option(help="A student with few classes to search for a trigger (Neural Cleanse).")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds to train with.")] = 3,
    data: DataDir = None,
    runs: RunsDir = None,
    out: Annotated[
        Path | None, typer.Option(show_default="RUNS/STUDENT-study.json", help="JSON file for the results.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Start over and replace the results in the file.")] = False,
) -> None:
    """Measure a latent backdoor over several seeds, with baselines, altered triggers and defences.

    Results are saved as they arrive: run the command again to resume an interrupted study.

    Example: backdoors study dogs-student-latent dogs-student-clean --seeds 1
    """
    from training.core.console import stderr_console
    from training.core.files import default_runs_dir, write_text
    from training.recipes.load import load
    from training.recipes.transfer import TransferRecipe
    from training.studies import latent
    from training.studies.schema import read_study

    resumable(ctx)
    target = out or (runs or default_runs_dir()) / f"{Path(student).stem}-study.json"
    recipes = [load(name) for name in (student, control, *(others or []), *([inspect] if inspect else []))]
    students = [recipe for recipe in recipes if isinstance(recipe, TransferRecipe)]
    if len(students) < len(recipes):
        raise RunError("backdoors study takes recipes of kind 'transfer': students on frozen features")
    found = latent.run(
        (students[0], students[1]), students[2 : 2 + len(others or [])], list(range(1, seeds + 1)),
        inspected=students[-1] if inspect else None, runs_dir=runs or default_runs_dir(), data_dir=data,
        console=stderr_console(),
        before=read_study(target) if target.is_file() and not force else None,
        keep=lambda study: write_text(target, study.model_dump_json(indent=1) + "\n"),
    )  # fmt: skip
    for each in found.results:
        measured = each.measurement
        success = "" if measured.attack_success_rate is None else f"  ASR {percent(measured.attack_success_rate)}"
        show(f"{each.recipe:40} seed {each.seed}  clean accuracy {percent(measured.clean_accuracy)}{success}")
    show(target)
