"""What the commands of the export room share: arguments, errors, tables."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console

from export.card.schema import CardError, ModelCard, Precision
from export.errors import ExportError
from export.pipeline.image import ImageError
from training.cli.train import told
from training.core.metrics import Estimate
from training.data.registry import DataError
from training.recipes.base import RecipeError

ModelName = Annotated[str, typer.Argument(help="A model's id, its folder, its card.json, or one of its .onnx files.")]
PrecisionOption = Annotated[
    Precision | None, typer.Option("--precision", help="Which of the model's files (default: as its card says).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
INTERRUPTED = 130
"""The exit code of a program stopped by Ctrl-C."""


@contextlib.contextmanager
def one_line_errors(*more: type[Exception]) -> Iterator[None]:
    """Turn a user's mistake (one of ours, of the system's, or of `more`) into one line on stderr and exit code 1."""
    ours = (ExportError, CardError, ImageError, RecipeError, DataError)
    mistakes: tuple[type[Exception], ...] = (*ours, OSError, *more)
    try:
        yield
    except mistakes as error:
        complain(told(error))
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        say("stopped")
        raise typer.Exit(INTERRUPTED) from error


def say(line: str) -> None:
    """A line of progress, on stderr."""
    typer.echo(line, err=True)


def complain(problem: object) -> None:
    """A problem as one line on stderr."""
    typer.echo("error: " + " ".join(str(problem).split()), err=True)


def console() -> Console:
    """For tables on stdout, cut to the terminal's width but never where a file or another program reads."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 200)


def percent(estimate: Estimate | None) -> str:
    """A proportion in percent, or a dash."""
    return "-" if estimate is None else f"{estimate.value:.2%}"


def summary(card: ModelCard, precision: Precision) -> str:
    """Clean accuracy and attack success rate of one of a model's files, as its card says."""
    measured = card.metrics.get(precision)
    if measured is None:
        return "not measured"
    return f"clean accuracy {percent(measured.clean_accuracy)}, ASR {percent(measured.attack_success_rate)}"
