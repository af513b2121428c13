"""The command `sweep`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli.common import (
    DataDir,
    Device,
    Minutes,
    On,
    RunsDir,
    SlurmOptions,
    Workers,
    percent,
    show,
    slurm_options,
)
from training.cli.errors import resumable


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
    on: On = "local",
    workers: Workers = None,
    minutes: Minutes = 60,
    slurm: SlurmOptions = None,
) -> None:
    """Train one recipe many times, varying its fields, and collect the results in one table.

    Finished runs are not repeated: run the command again to resume an interrupted sweep.

    Example: backdoors sweep digits-poison-grid
    """
    from training.core.console import stderr_console
    from training.core.files import default_runs_dir, write_text
    from training.studies import sweep, sweep_run
    from training.studies.dispatch import Plan
    from training.studies.slurm import Array

    resumable(ctx)
    folder = runs or default_runs_dir()
    target = out or folder / f"{Path(name).stem}.json"
    plan = Plan(on, workers, device, Array(minutes, slurm_options(slurm)))
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
