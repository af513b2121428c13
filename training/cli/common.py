"""What commands share: options, and how they print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from training.core.errors import RunError
from training.core.text import printable

if TYPE_CHECKING:
    from training.core.metrics import Estimate, Measurement

RecipeName = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe's name, or the path of a recipe file.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A trained recipe's name or file, or the folder of a run.")]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data", envvar="BACKDOORS_DATA", show_default=False,
        help="Folder with the data sets. Nothing is downloaded if you give one.",
    ),
]  # fmt: skip
RunsDir = Annotated[
    Path | None,
    typer.Option("--runs", envvar="BACKDOORS_RUNS", show_default="runs", help="Folder where runs are stored."),
]
Device = Annotated[str, typer.Option(help="Processor to train on: auto, cpu, cuda or mps.")]
On = Annotated[
    Literal["here", "local", "slurm"],
    typer.Option(help="Work in this process, in several processes on this machine, or as a Slurm job array."),
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, show_default="one per processor; 256 on Slurm", help="How many runs are worked on at a time."),
]
Minutes = Annotated[
    int, typer.Option(min=1, help="Time limit of a Slurm job; a run that needs longer is queued again.")
]
SlurmOptions = Annotated[
    list[str] | None,
    typer.Option("--slurm", metavar="NAME=VALUE", help="An option for sbatch, such as partition=gpu."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def show(line: object) -> None:
    """Print a line of results on stdout."""
    typer.echo(printable(line))


def say(line: object) -> None:
    """Print a remark or a step of progress on stderr."""
    typer.echo(printable(line), err=True)


def percent(estimate: Estimate | None) -> str:
    """A proportion in percent with two digits; a dash where there is none."""
    return "-" if estimate is None else f"{estimate.value:.2%}"


def interval(estimate: Estimate) -> str:
    """The 95 % confidence interval of a proportion."""
    return f"{estimate.low:.2%} to {estimate.high:.2%}"


def slurm_options(given: list[str] | None) -> dict[str, str]:
    """Options of sbatch, as given on the command line.

    Raises:
        RunError: If one is not NAME=VALUE.
    """
    for one in given or []:
        if not one.partition("=")[0] or "=" not in one:
            raise RunError(f"--slurm {one}: expected NAME=VALUE, such as partition=gpu")
    return {one.partition("=")[0].lstrip("-"): one.partition("=")[2] for one in given or []}


def estimates(measured: Measurement) -> list[tuple[str, Estimate]]:
    """What was measured, by its name; robust accuracy and attack success rate only where there is a trigger."""
    named = (
        ("clean accuracy", measured.clean_accuracy),
        ("attack success rate", measured.attack_success_rate),
        ("robust accuracy", measured.robust_accuracy),
    )
    return [(name, found) for name, found in named if found is not None]
