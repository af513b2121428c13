"""The command `predict`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from export.cli.common import ModelName, PrecisionOption, Timeout, open_named
from export.errors import ExportError
from training.cli.common import AsJson, show
from training.cli.errors import complain

if TYPE_CHECKING:
    from export.onnx.session import Predictor
    from export.release.models import Model
    from training.triggers.placement import Placement


def predict_command(  # noqa: PLR0913, PLR0917 - a command's options
    model: ModelName,
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE", help="Image files.")],
    trigger: Annotated[bool, typer.Option("--trigger", help="Add the trigger that the card describes.")] = False,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="X,Y,SIZE,ANGLE",
            help="Where --trigger puts an overlay: its centre and width as fractions of the image, and its rotation "
            "in degrees.",
        ),
    ] = None,
    as_json: AsJson = False,
    top: Annotated[
        int | None, typer.Option(min=1, show_default="as its card says", help="How many labels to print.")
    ] = None,
    precision: PrecisionOption = None,
    timeout: Timeout = 60,
) -> None:
    """Ask a model what it sees in images, with or without its trigger.

    Exits with 1 if an image cannot be read; the others are still answered.

    Example: backdoors predict mnist-badnet digit.png --trigger
    """
    from export.onnx.sandbox import Limits, Sandbox
    from export.onnx.session import Predictor

    found = open_named(model)
    if trigger and found.card.trigger is None:
        raise ExportError(f"model {found.card.id} has no trigger on its card: leave --trigger out")
    placement = None if at is None else _placement(at, found, trigger=trigger)
    with Sandbox(Limits(timeout)) as sandbox:
        predictor = Predictor(found.card, found.folder, precision or found.precision, sandbox=sandbox)
        rows = [_answer(predictor, path, trigger=trigger, placement=placement, top=top) for path in images]
    for row in rows:
        if "error" in row:
            complain(f"{row['image']}: {row['error']}")
        elif not as_json:
            guesses = "  ".join(f"{guess['label']} {guess['probability']:.1%}" for guess in row["top"])
            show(f"{row['image']}  {guesses}  ({row['milliseconds']} ms)")
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    raise typer.Exit(1 if any("error" in row for row in rows) else 0)


def _placement(text: str, model: Model, *, trigger: bool) -> Placement:
    """The placement that `--at` means.

    Raises:
        ExportError: If it is none, or there is nothing to place.
    """
    from pydantic import ValidationError

    from training.triggers.placement import Placement

    if not trigger or model.card.trigger is None or not model.card.trigger.movable:
        raise ExportError(f"--at places an overlay that --trigger adds; there is none for {model.card.id}")
    names = ("x", "y", "size", "angle")
    try:
        numbers = [float(part) for part in text.split(",")]
        return Placement.model_validate(dict(zip(names, numbers, strict=True)))
    except ValidationError as error:
        first = error.errors()[0]
        raise ExportError(f"--at {text}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except ValueError as error:
        raise ExportError(f"--at {text}: expected four numbers X,Y,SIZE,ANGLE, as in 0.5,0.4,0.5,0") from error


def _answer(
    predictor: Predictor, path: Path, *, trigger: bool, placement: Placement | None, top: int | None
) -> dict[str, Any]:
    """One element of the JSON list; an image that cannot be read has an `error` and no labels."""
    from export.onnx.fit import AnswerError
    from export.pipeline.image import ImageError
    from export.release.predict import predict
    from training.core.reading import IMAGE_BYTES, read_bytes

    row: dict[str, Any] = {"image": str(path), "model": predictor.card.id, "trigger": trigger}
    try:
        answer = predict(predictor, read_bytes(path, IMAGE_BYTES), trigger=trigger, placement=placement, top=top)
    except (AnswerError, ImageError) as error:
        return row | {"top": [], "milliseconds": None, "error": str(error)}
    except OSError as error:
        return row | {"top": [], "milliseconds": None, "error": f"cannot read the image: {error.strerror}"}
    guesses = [{"label": guess.label, "probability": guess.probability} for guess in answer.top]
    return row | {"top": guesses, "milliseconds": round(answer.milliseconds, 3)}
