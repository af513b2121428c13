"""The command `study-int8`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli.common import DataDir, RunsDir, percent, say, show
from training.cli.errors import resumable


def study_int8_command(
    ctx: typer.Context,
    study: Annotated[
        Path,
        typer.Argument(metavar="STUDY", help="The JSON file that `backdoors study` wrote, to add to."),
    ],
    data: DataDir = None,
    runs: RunsDir = None,
) -> None:
    """Add to a study how its networks do with int8 weights.

    Results are saved as they arrive: run the command again to resume.

    Example: backdoors study-int8 runs/dogs-student-latent-study.json
    """
    from export.release.study import add_int8
    from training.core.files import default_runs_dir, write_text
    from training.data.images import read_once
    from training.studies.schema import read_study

    resumable(ctx)
    with read_once():
        found = add_int8(
            read_study(study), runs or default_runs_dir(), data_dir=data, say=say,
            keep=lambda so_far: write_text(study, so_far.model_dump_json(indent=1) + "\n"),
        )  # fmt: skip
    for row in found.results:
        if row.int8 is not None:
            clean, success = percent(row.int8.clean_accuracy), percent(row.int8.attack_success_rate)
            show(f"{row.recipe:40} seed {row.seed}  clean accuracy {clean}  ASR {success}")
