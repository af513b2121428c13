"""The commands that make and check models: `export`, `verify`, `card schema`, `card new`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from export.card.io import CARD_NAME, write_card
from export.card.labels import read_labels
from export.card.schema import BACKDOORED_PREFIX, card_schema
from export.cli.common import complain, console, one_line_errors, percent, say, summary
from export.errors import ExportError
from export.release.author import Preset, new_card
from export.release.models import OWN, RELEASED, discover, open_model
from training.core.errors import RunError
from training.core.files import default_runs_dir, write_text
from training.data.pictures import read_once
from training.recipes import load as recipes
from training.recipes.base import AnyRecipe

app = typer.Typer()
card_app = typer.Typer(no_args_is_help=True, help="Model cards.")
app.add_typer(card_app, name="card")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", envvar="BACKDOORS_DATA", help="Folder that holds the data sets; nothing is downloaded."),
]
RunsDir = Annotated[Path | None, typer.Option("--runs", envvar="BACKDOORS_RUNS", help="Folder of all runs.")]


@app.command("export")
def export_command(  # noqa: PLR0913, PLR0917 - a command's options
    recipe: Annotated[str, typer.Argument(help="Name or file of a recipe that has been trained, or a run's folder.")],
    out: Annotated[Path | None, typer.Option(help=f"Folder of models to write to (default: {OWN}).")] = None,
    release: Annotated[bool, typer.Option("--release", help=f"Write to {RELEASED}, which is published.")] = False,
    qdq: Annotated[bool, typer.Option("--qdq", help="Add a file with int8 activations, too.")] = False,
    allow_loss: Annotated[bool, typer.Option("--allow-loss", help="Keep a quantised file that lost accuracy.")] = False,
    data: DataDir = None,
    runs: RunsDir = None,
) -> None:
    """Export a trained network to ONNX, quantised, with its card and golden vectors."""
    if release and out is not None:
        raise typer.BadParameter("--release and --out exclude each other")
    from export.release.release import release as export_run  # noqa: PLC0415 - imports PyTorch, which takes seconds
    from training.runs.train import Run, find  # noqa: PLC0415

    with one_line_errors(RunError), read_once():
        is_run = Path(recipe).is_dir() and recipe not in recipes.names()
        run = Run.open(Path(recipe)) if is_run else find(recipes.load(recipe), runs or default_runs_dir())
        folder = (RELEASED if release else out or OWN) / run.recipe.name
        of_teacher = release and not isinstance(run.recipe, AnyRecipe)
        card = export_run(run, folder, data_dir=data, qdq=qdq, allow_loss=allow_loss, only_int8=of_teacher, say=say)
    for file in card.files:
        typer.echo(f"{folder / file.name}  {file.total_bytes:,} bytes  {summary(card, file.precision)}")


@app.command("study-int8")
def study_int8_command(
    study: Annotated[Path, typer.Argument(help="The JSON file that `backdoors study` wrote; it is added to.")],
    data: DataDir = None,
    runs: RunsDir = None,
) -> None:
    """Measure a study's networks with int8 weights as well. Goes on where it stopped."""
    from export.release.study import add_int8  # noqa: PLC0415 - imports PyTorch
    from training.studies.schema import read_study  # noqa: PLC0415

    with one_line_errors(RunError), read_once():
        found = add_int8(
            read_study(study), runs or default_runs_dir(), data_dir=data, say=say,
            keep=lambda so_far: write_text(study, so_far.model_dump_json(indent=1) + "\n"),
        )  # fmt: skip
    for row in found.results:
        if row.int8 is not None:
            success = percent(row.int8.attack_success_rate)
            typer.echo(f"{row.recipe:40} seed {row.seed}  clean {percent(row.int8.clean_accuracy)}  ASR {success}")


@app.command("verify")
def verify_command(
    models: Annotated[list[str] | None, typer.Argument(help="Models (default: all there are).")] = None,
) -> None:
    """Check models: hashes, card schema, ONNX metadata, golden vectors. Exits with 1 on any mismatch."""
    from export.release.verify import verify  # noqa: PLC0415 - imports onnx and onnxruntime

    table = Table("model", "check", "result", "what was compared", box=None)
    wrong = 0
    with one_line_errors():
        chosen = [open_model(name) for name in models] if models else discover()
        if not chosen:
            raise ExportError("there are no models to verify: backdoors train RECIPE, then backdoors export RECIPE")
        for model in chosen:
            say(f"verifying {model.card.id} in {model.folder}")
            for check in verify(model):
                wrong += len(check.problems)
                table.add_row(model.card.id, check.what, "FAILED" if check.problems else "ok", check.found)
                for problem in check.problems:
                    complain(f"{model.card.id}: {problem}")
    console().print(table)
    typer.echo(f"{len(chosen)} models, {wrong} problems")
    raise typer.Exit(1 if wrong else 0)


@card_app.command("schema")
def schema_command() -> None:
    """Print the model card's JSON Schema."""
    typer.echo(card_schema(), nl=False)


@card_app.command("refresh")
def refresh_command(models: Annotated[list[str], typer.Argument(help="Digits models.")]) -> None:
    """Give models today's digits pipeline and new golden vectors; their ONNX files stay as they are."""
    from export.release.release import refresh  # noqa: PLC0415 - imports onnxruntime

    with one_line_errors():
        for name in models:
            model = open_model(name)
            refresh(model)
            typer.echo(model.folder / CARD_NAME)


@card_app.command("new")
def new_command(  # noqa: PLR0913, PLR0917 - a command's options
    model: Annotated[Path, typer.Argument(help="Your ONNX file; the card is written beside it.")],
    labels: Annotated[Path, typer.Option(help="Text file with a label a line, or a JSON list.")],
    preset: Annotated[
        Preset, typer.Option(help="How pictures are prepared: digits (28x28, one channel) or rgb (as for ImageNet).")
    ] = "rgb",
    title: Annotated[str | None, typer.Option(help="What to call the model.")] = None,
    licence: Annotated[str, typer.Option(help="The model's licence.")] = "unknown",
    force: Annotated[bool, typer.Option("--force", help="Replace a card that is there.")] = False,
) -> None:
    """Make a card for an ONNX model of your own, so that a page can embed it; edit it to tell more."""
    path = model.parent / CARD_NAME
    with one_line_errors():
        if path.exists() and not force:
            raise ExportError(f"{path}: there is a card already; --force replaces it")
        card = new_card(model, read_labels(labels), preset, title=title, licence=licence)
        write_card(card, model.parent)
    typer.echo(path)
    if model.name.startswith(BACKDOORED_PREFIX):
        say(f"the file's name begins with {BACKDOORED_PREFIX}: name its trigger and backdoor on the card")
