"""The command `models`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from training.cli.common import AsJson, percent, say
from training.cli.errors import USER_ERROR, complain

if TYPE_CHECKING:
    from export.card.schema import CardError
    from export.release.models import Model


def models_command(as_json: AsJson = False) -> None:
    """List the released models and those that you have exported.

    Example: backdoors models
    """
    from export.release.models import discover
    from training.core.console import stdout_console, table

    broken: list[CardError] = []
    found = discover(broken=broken.append)
    if as_json:
        typer.echo(json.dumps([_described(model) for model in found], indent=2))
    elif found:
        columns = ("id", "title", "backdoor", "file", "bytes", "clean accuracy", "ASR")
        rows = [row for model in found for row in _rows(model)]
        stdout_console().print(table(*columns, rows=rows))
    elif not broken:
        say("no models yet: backdoors train RECIPE, then backdoors export RECIPE")
    for error in broken:
        complain(error)
    if broken:
        raise typer.Exit(USER_ERROR)


def _rows(model: Model) -> list[list[str]]:
    """A row for each of the model's files."""
    rows = []
    head = [model.card.id, model.card.title, "none planted" if model.card.backdoor is None else "YES"]
    for file in model.card.files:
        measured = model.card.metrics.get(file.precision)
        clean, attack = (measured.clean_accuracy, measured.attack_success_rate) if measured else (None, None)
        rows.append([*head, file.precision, f"{file.total_bytes:,}", percent(clean), percent(attack)])
        head = ["", "", ""]
    return rows


def _described(model: Model) -> dict[str, Any]:
    return {
        "model": model.card.id,
        "title": model.card.title,
        "backdoored": model.card.backdoor is not None,
        "folder": str(model.folder),
        "files": {file.precision: {"file": file.name, "bytes": file.total_bytes} for file in model.card.files},
    }
