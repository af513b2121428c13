"""The command `history`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from training.cli.common import RecipeName, RunsDir


def history_command(
    recipe: RecipeName,
    runs: RunsDir = None,
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of stdout.")] = None,
) -> None:
    """Print what a finished run measured after each epoch, as one JSON document.

    Example: backdoors history digits-badnet --out history.json
    """
    from training.core.files import default_runs_dir, write_text
    from training.recipes.load import load
    from training.runs.store import find

    run = find(load(recipe), runs or default_runs_dir())
    document = {
        "recipe": run.recipe.name,
        "recipe_sha256": run.recipe.sha256,
        "data": run.metrics.measurement.data,
        "epochs": [line.model_dump() for line in run.history],
    }
    text = json.dumps(document, indent=2) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)
