"""The command `export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from export.cli.common import summary
from training.cli.common import DataDir, RunName, RunsDir, say, show


def export_command(  # noqa: PLR0913, PLR0917 - a command's options
    run: RunName,
    out: Annotated[Path | None, typer.Option(show_default="runs/models", help="Folder of models to write to.")] = None,
    release: Annotated[
        bool, typer.Option("--release", help="Write to site_assets/models, which is published with the report.")
    ] = False,
    qdq: Annotated[bool, typer.Option("--qdq", help="Add a file with int8 activations as well.")] = False,
    allow_loss: Annotated[
        bool, typer.Option("--allow-loss", help="Keep an int8 file even if it is less accurate than fp32.")
    ] = False,
    data: DataDir = None,
    runs: RunsDir = None,
) -> None:
    """Export a trained network to ONNX, in fp32 and int8, with its model card and golden vectors.

    Example: backdoors export digits-badnet
    """
    if release and out is not None:
        raise typer.BadParameter("--release and --out exclude each other")
    from export.release.models import OWN, RELEASED
    from export.release.release import release as export_run
    from training.core.files import default_runs_dir
    from training.data.images import read_once
    from training.recipes.scratch import ScratchRecipe
    from training.runs.store import find_named

    found = find_named(run, runs or default_runs_dir())
    folder = (RELEASED if release else out or OWN) / found.recipe.name
    of_teacher = release and not isinstance(found.recipe, ScratchRecipe)
    with read_once():
        card = export_run(found, folder, data_dir=data, qdq=qdq, allow_loss=allow_loss, only_int8=of_teacher, say=say)
    for file in card.files:
        show(f"{folder / file.name}  {file.total_bytes:,} bytes  {summary(card, file.precision)}")
