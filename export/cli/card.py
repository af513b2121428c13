"""The commands `card new`, `card schema` and `card refresh`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from export.cli.common import Timeout
from export.errors import ExportError
from training.cli.common import say, show

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Write model cards, which describe an ONNX file to the widgets.",
)  # fmt: skip
PresetChoice = Literal["digits", "rgb"]
"""`export.release.author.Preset`, written again because that module takes longer to import than `--help` may."""


@app.command("new")
def new_command(  # noqa: PLR0913, PLR0917 - a command's options
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Your ONNX file; the card is written beside it.")],
    labels: Annotated[Path, typer.Option(help="Text file with one label per line, or a JSON list of labels.")],
    preset: Annotated[
        PresetChoice,
        typer.Option(help="How images are prepared: digits (one channel, as MNIST) or rgb (as for ImageNet)."),
    ] = "rgb",
    title: Annotated[str | None, typer.Option(show_default="the file's name", help="The model's title.")] = None,
    licence: Annotated[str, typer.Option(help="The model's licence.")] = "unknown",
    output: Annotated[
        str | None,
        typer.Option(show_default="the only one that fits", help="Which of several outputs has the values."),
    ] = None,
    white: Annotated[
        float | None,
        typer.Option(
            min=1e-3,
            max=1e6,
            show_default="normalised as the preset says",
            help="What white is in the images it was trained on, with black as 0: often 1 or 255.",
        ),
    ] = None,
    timeout: Timeout = 60,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing card.")] = False,
) -> None:
    """Write a card for your own ONNX model, so that a page can embed it. Edit the card to add more.

    The network is run once, in a process of its own, and what it takes and gives decides the card.

    Example: backdoors card new my-model.onnx --labels labels.txt
    """
    from export.card.io import CARD_NAME, write_card
    from export.card.labels import read_labels
    from export.card.schema import BACKDOORED_PREFIX
    from export.onnx.sandbox import Limits, Sandbox
    from export.release.author import draft_card

    path = model.parent / CARD_NAME
    if path.exists() and not force:
        raise ExportError(f"{path}: a card already exists; --force replaces it")
    names = read_labels(labels)
    with Sandbox(Limits(timeout)) as sandbox:
        drafted = draft_card(
            model, names, preset, title=title, licence=licence, output=output, white=white, sandbox=sandbox
        )
    for each in drafted.found:
        say(each)
    write_card(drafted.card, model.parent)
    show(path)
    if model.name.startswith(BACKDOORED_PREFIX):
        say(f"the file's name begins with {BACKDOORED_PREFIX}: add its trigger and backdoor to the card")


@app.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of model cards.

    Example: backdoors card schema > card.schema.json
    """
    from export.card.schema import card_schema

    typer.echo(card_schema(), nl=False)


@app.command("refresh")
def refresh_command(models: Annotated[list[str], typer.Argument(metavar="MODEL", help="Models of digits.")]) -> None:
    """Give models of digits the current input pipeline and new golden vectors; their ONNX files stay as they are.

    Example: backdoors card refresh mnist-badnet
    """
    from export.card.io import CARD_NAME
    from export.release.models import open_model
    from export.release.refresh import refresh

    for name in models:
        model = open_model(name)
        refresh(model)
        show(model.folder / CARD_NAME)
