"""The command `sweep`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from training.cli.common import DataDir, Device, RunsDir, percent, show
from training.cli.errors import resumable
from training.core.errors import RunError


def sweep_command(  # noqa: PLR0913, PLR0917 - a command's options
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="SWEEP", help="A sweep's name, or the path of its file.")],
    data: DataDir = None,
    runs: RunsDir = None,
    out: Annotated[
        Path | None,
        typer.Option(
            show_default="RUNS/SWEEP.json", help="JSON file for the results; .parquet and .svg files go beside it."
        ),
    ] = None,
    device: Device = "auto",
    on: Annotated[
        Literal["here", "local", "slurm"],
        typer.Option(help="Train in this process, in several processes on this machine, or as a Slurm job array."),
    ] = "local",
    workers: Annotated[
        int | None,
        typer.Option(min=1, show_default="one per processor; 256 on Slurm", help="How many runs train at a time."),
    ] = None,
    minutes: Annotated[
        int, typer.Option(min=1, help="Time limit of a Slurm job; a run that needs longer is queued again.")
    ] = 60,
    slurm: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="An option for sbatch, such as partition=gpu.")
    ] = None,
) -> None:
    """Train one recipe many times, varying its fields, and collect the results in one table.

    Finished runs are not repeated: run the command again to resume an interrupted sweep.

    Example: backdoors sweep digits-poison-grid
    """
    from training.core.console import stderr_console
    from training.core.files import default_runs_dir, write_text
    from training.studies import sweep, sweep_run
    from training.studies.slurm import Array

    resumable(ctx)
    folder = runs or default_runs_dir()
    target = out or folder / f"{Path(name).stem}.json"
    plan = sweep_run.Plan(on, workers, device, Array(minutes, _options(slurm or [])))
    wanted = sweep.load(name)
    wanted.recipes()
    table = sweep_run.run(wanted, runs_dir=folder, out=target, data_dir=data, plan=plan, console=stderr_console())
    from training.studies import plots  # after the runs: imports PyTorch and matplotlib, which a refusal need not await

    for ending, svg in plots.of_sweep(table).items():
        write_text(target.with_name(f"{target.stem}{ending}.svg"), svg)
    for row in table.rows:
        more = f"  {sweep.describe(row.settings)}" if row.settings else ""
        show(
            f"rate {row.rate:7.2%}  seed {row.seed}{more}  clean accuracy {percent(row.clean_accuracy)}  "
            f"ASR {percent(row.attack_success_rate)}"
        )
    show(target)
    show(target.with_suffix(".parquet"))


def _options(given: list[str]) -> dict[str, str]:
    """Options of sbatch, as given on the command line.

    Raises:
        RunError: If one is not NAME=VALUE.
    """
    for one in given:
        if not one.partition("=")[0] or "=" not in one:
            raise RunError(f"--slurm {one}: expected NAME=VALUE, such as partition=gpu")
    return {one.partition("=")[0].lstrip("-"): one.partition("=")[2] for one in given}
