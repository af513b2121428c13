"""The command `history`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from training.cli.common import RunName, RunsDir


def history_command(
    run: RunName,
    runs: RunsDir = None,
    out: Annotated[Path | None, typer.Option(help="Write to this file instead of stdout.")] = None,
) -> None:
    """Print what a finished run measured after each epoch, as one JSON document.

    Example: backdoors history digits-badnet --out history.json
    """
    from training.core.files import default_runs_dir, write_text
    from training.runs.store import find_named

    found = find_named(run, runs or default_runs_dir())
    document = {
        "recipe": found.recipe.name,
        "recipe_sha256": found.recipe.sha256,
        "data": (found.metrics.validation or found.metrics.measurement).data,
        "epochs": [line.model_dump() for line in found.history],
    }
    text = json.dumps(document, indent=2) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)
