"""The commands that ask models: `predict`, `evaluate`, `models`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from rich.table import Table

from export.card.schema import Precision
from export.cli.common import JsonOption, ModelName, PrecisionOption, complain, console, one_line_errors, percent, say
from export.errors import ExportError
from export.pipeline.image import ImageError
from export.release.models import Model, discover, open_model
from training.core.metrics import Estimate, Measurement
from training.triggers.overlay import Overlay, Placement

if TYPE_CHECKING:
    from export.onnx.session import Predictor

app = typer.Typer()


@app.command("predict")
def predict_command(  # noqa: PLR0913, PLR0917 - a command's options
    model: ModelName,
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Picture files.")],
    trigger: Annotated[bool, typer.Option("--trigger", help="Stamp the trigger that the card names.")] = False,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="X,Y,SIZE,ANGLE",
            help="Where an overlay lies with --trigger: its middle and width in shares of the picture, then degrees.",
        ),
    ] = None,
    as_json: JsonOption = False,
    top: Annotated[int | None, typer.Option(min=1, help="How many labels.")] = None,
    precision: PrecisionOption = None,
) -> None:
    """Ask a model what it sees in pictures; those that cannot be read are reported, and the exit code is 1."""
    from export.onnx.session import Predictor  # noqa: PLC0415 - imports onnxruntime

    with one_line_errors():
        found = open_model(model)
        if trigger and found.card.trigger is None:
            raise ExportError(f"model {found.card.id} has no trigger on its card: leave --trigger out")
        placement = None if at is None else _placement(at, found, trigger=trigger)
        predictor = Predictor(found.card, found.folder, precision or found.precision)
        rows = [_answer(predictor, path, trigger=trigger, placement=placement, top=top) for path in images]
    for row in rows:
        if "error" in row:
            complain(f"{row['image']}: {row['error']}")
        elif not as_json:
            guesses = "  ".join(f"{guess['label']} {guess['probability']:.1%}" for guess in row["top"])
            typer.echo(f"{row['image']}  {guesses}  ({row['milliseconds']} ms)")
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    raise typer.Exit(1 if any("error" in row for row in rows) else 0)


def _placement(text: str, model: Model, *, trigger: bool) -> Placement:
    """The placement that `--at` means.

    Raises:
        ExportError: If it is none, or there is nothing to place.
    """
    if not trigger or not isinstance(model.card.trigger, Overlay):
        raise ExportError(f"--at places the overlay of --trigger; {model.card.id} was asked for none")
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
    """One element of the JSON list; a picture that cannot be read has an `error` and no labels."""
    from export.release.predict import predict  # noqa: PLC0415

    row: dict[str, Any] = {"image": str(path), "model": predictor.card.id, "trigger": trigger}
    try:
        answer = predict(predictor, path.read_bytes(), trigger=trigger, placement=placement, top=top)
    except ImageError as error:
        return row | {"top": [], "milliseconds": None, "error": str(error)}
    except OSError as error:
        return row | {"top": [], "milliseconds": None, "error": f"cannot read the picture: {error.strerror}"}
    guesses = [{"label": guess.label, "probability": guess.probability} for guess in answer.top]
    return row | {"top": guesses, "milliseconds": round(answer.milliseconds, 3)}


@app.command("evaluate")
def evaluate_command(
    model: ModelName,
    data: Annotated[
        Path | None,
        typer.Option("--data", envvar="BACKDOORS_DATA", help="Folder that holds the data sets; nothing is downloaded."),
    ] = None,
    as_json: JsonOption = False,
    precision: PrecisionOption = None,
) -> None:
    """Measure every file of a model on the test pictures of the data set that its card names."""
    from export.release.measure import measure, test_data  # noqa: PLC0415 - imports onnxruntime

    with one_line_errors():
        found = open_model(model)
        wanted = precision or found.precision
        files = [found.card.file(wanted)] if wanted else found.card.files
        test = test_data(found.card, data)
        measured: dict[Precision, Measurement] = {}
        for file in files:
            say(f"measuring {found.card.id} {file.precision} on {len(test.images):,} pictures")
            measured[file.precision] = measure(found, file.precision, test)
    if as_json:
        typer.echo(json.dumps(_as_json(found, measured), indent=2))
    else:
        console().print(_table(found, measured))


def _as_json(model: Model, measured: dict[Precision, Measurement]) -> dict[str, Any]:
    files = {file.precision: file for file in model.card.files}
    return {
        "model": model.card.id,
        "backdoored": model.card.backdoor is not None,
        "precisions": {
            precision: {
                "file": files[precision].name,
                "bytes": files[precision].total_bytes,
                **found.model_dump(mode="json"),
            }
            for precision, found in measured.items()
        },
    }


def _table(model: Model, measured: dict[Precision, Measurement]) -> Table:
    sizes = {file.precision: file.total_bytes for file in model.card.files}
    data = next(iter(measured.values())).data
    table = Table("precision", "bytes", "metric", "value", "95 % interval", "n", title=f"{model.card.id} on {data}")
    for precision, found in measured.items():
        head = [precision, f"{sizes[precision]:,}"]
        for name, estimate in (
            ("clean accuracy", found.clean_accuracy),
            ("attack success rate", found.attack_success_rate),
            ("robust accuracy", found.robust_accuracy),
        ):
            if estimate is not None:
                table.add_row(*head, name, percent(estimate), _interval(estimate), f"{estimate.n:,}")
                head = ["", ""]
    return table


def _interval(estimate: Estimate) -> str:
    return f"{estimate.low:.2%} to {estimate.high:.2%}"


@app.command("models")
def models_command(as_json: JsonOption = False) -> None:
    """List the models that can be named, released ones and your own."""
    with one_line_errors():
        found = discover()
    if as_json:
        typer.echo(json.dumps([_listed(model) for model in found], indent=2))
        return
    if not found:
        say("there are no models yet: backdoors train RECIPE, then backdoors export RECIPE")
        return
    table = Table("id", "title", "backdoor", "file", "bytes", "clean accuracy", "ASR", box=None)
    for model in found:
        head = [model.card.id, model.card.title, "none planted" if model.card.backdoor is None else "YES"]
        for file in model.card.files:
            measured = model.card.metrics.get(file.precision)
            row = [file.precision, f"{file.total_bytes:,}"]
            row += (
                ["-", "-"]
                if measured is None
                else [
                    percent(measured.clean_accuracy),
                    percent(measured.attack_success_rate),
                ]
            )
            table.add_row(*head, *row)
            head = ["", "", ""]
    console().print(table)


def _listed(model: Model) -> dict[str, Any]:
    return {
        "model": model.card.id,
        "title": model.card.title,
        "backdoored": model.card.backdoor is not None,
        "folder": str(model.folder),
        "files": {file.precision: {"file": file.name, "bytes": file.total_bytes} for file in model.card.files},
    }
