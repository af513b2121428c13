"""The command `study-defences`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.cli.common import (
    AsJson,
    DataDir,
    Device,
    Minutes,
    On,
    RunsDir,
    SlurmOptions,
    Workers,
    interval,
    percent,
    show,
    slurm_options,
)
from training.cli.errors import resumable

if TYPE_CHECKING:
    from training.core.metrics import Estimate
    from training.studies.defence_results import DefenceResults, Measure, Spread, TableCell

COLUMNS = ("attack", "defence", "finding", "backdoored", "clean control", "seconds")
DETECTION = ("defence", "networks", "finding", "value", "95 % interval")


def study_defences_command(  # noqa: PLR0913, PLR0917 - a command's options
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="STUDY", help="A study's name, or the path of its file.")],
    data: DataDir = None,
    runs: RunsDir = None,
    out: Annotated[Path | None, typer.Option(show_default="RUNS/STUDY.json", help="JSON file for the results.")] = None,
    device: Device = "auto",
    on: On = "local",
    workers: Workers = None,
    minutes: Minutes = 60,
    slurm: SlurmOptions = None,
    again: Annotated[
        list[str] | None, typer.Option(metavar="DEFENCE", help="A defence to measure again; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train the networks of a study, and measure every defence on each and on its clean control.

    Each result is saved when it is measured: run the command again to resume, or after adding attacks, seeds or
    defences to the study's file.

    Example: backdoors study-defences digits-defences-quick
    """
    from training.core.console import stderr_console, stdout_console, table
    from training.core.files import default_runs_dir
    from training.defences.base import DefenceError
    from training.studies import defence_run
    from training.studies.defence_columns import load_study
    from training.studies.dispatch import Plan
    from training.studies.slurm import Array

    resumable(ctx)
    folder = runs or default_runs_dir()
    study = load_study(name)
    target = out or folder / f"{study.name}.json"
    plan = Plan(on, workers, device, Array(minutes, slurm_options(slurm)))
    names = [each.name for each in study.defences]
    for each in again or []:
        if each not in names:
            raise DefenceError(f"--again {each}: {study.name} has {', '.join(names)}")
    found = defence_run.run(
        study, runs_dir=folder, out=target, data_dir=data, plan=plan, again=again or [], console=stderr_console()
    )
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    console = stdout_console()
    console.print(table(*COLUMNS, rows=[line for cell in found.table for line in _lines(cell)]))
    if found.detection:
        console.print(table(*DETECTION, rows=list(_detection(found))))
    show(target)


def _lines(cell: TableCell) -> Iterator[list[str]]:
    """One line for each finding of a defence against an attack, over its seeds."""
    head, seconds = [cell.attack, cell.defence], "" if cell.seconds is None else f"{cell.seconds:.1f}"
    if not cell.measures:
        yield [*head, cell.status.replace("-", " "), cell.reason or "", "", seconds]
        return
    rows = [[each.name, _spread(each.backdoored, each), _spread(each.control, each)] for each in cell.measures]
    if cell.detected is not None:
        rows.append(["networks called backdoored", _count(cell.detected), _count(cell.false_alarms)])
    for row in rows:
        yield [*head, *row, seconds]
        head, seconds = ["", ""], ""


def _spread(found: Spread | None, measure: Measure) -> str:
    """The median, and the range if there are several networks."""
    if found is None:
        return ""
    proportion = any(each is not None and each.n is not None for each in (measure.backdoored, measure.control))
    numbers = [f"{value:.2%}" if proportion else f"{value:.2f}" for value in (found.median, found.low, found.high)]
    return numbers[0] if len(found.values) == 1 else f"{numbers[0]} ({numbers[1]} to {numbers[2]})"


def _count(estimate: Estimate | None) -> str:
    return "" if estimate is None else f"{round(estimate.value * estimate.n)} of {estimate.n}"


def _detection(found: DefenceResults) -> Iterator[list[str]]:
    """What the highest class index says of whole networks, over all attacks."""
    for each in found.detection:
        if each.attack is None:
            head = [each.defence, f"{each.verdict.poisoned} backdoored, {each.verdict.clean} clean"]
            for name, value in each.verdict.findings:
                shown = [percent(value), interval(value)] if not isinstance(value, str) else [value, ""]
                yield [*head, name, *shown]
                head = ["", ""]
