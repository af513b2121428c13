"""What the commands that take models share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from export.errors import ExportError
from training.cli.common import percent

if TYPE_CHECKING:
    from export.card.schema import ModelCard, Precision
    from export.release.models import Model

ModelName = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="A model's id, its folder, its card.json, or one of its .onnx files."),
]
PrecisionChoice = Literal["fp32", "int8-weight-only", "int8-qdq"]
"""`export.card.schema.Precision`, written again because the schema takes longer to import than `--help` may."""
PrecisionOption = Annotated[
    PrecisionChoice | None,
    typer.Option("--precision", show_default="as its card says", help="Which of the model's files to use."),
]

Timeout = Annotated[
    float,
    typer.Option(
        min=0.1, max=86_400, metavar="SECONDS", help="How long the network may take to be opened, and for each answer."
    ),
]


def summary(card: ModelCard, precision: Precision) -> str:
    """Clean accuracy and attack success rate of one of a model's files, as its card says."""
    measured = card.metrics.get(precision)
    if measured is None:
        return "not measured"
    return f"clean accuracy {percent(measured.clean_accuracy)}, ASR {percent(measured.attack_success_rate)}"


def open_named(name: str) -> Model:
    """The model that a user named; for the name of a run that is not exported yet, the error says so.

    Raises:
        CardError: If its card is missing or wrong.
        ExportError: If there is no such model.
    """
    from export.release.models import open_model

    try:
        return open_model(name)
    except ExportError as error:
        from training.core.files import default_runs_dir
        from training.runs.store import trained

        if name not in trained(default_runs_dir()):
            raise
        raise ExportError(f"'{name}' is trained but not exported; first: backdoors export {name}") from error
