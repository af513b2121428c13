"""The command `train`."""

from __future__ import annotations

from typing import Annotated

import typer

from training.cli.common import DataDir, Device, RecipeName, RunsDir, estimates, interval, show
from training.cli.errors import resumable
from training.engine.processes import rank


def train_command(  # noqa: PLR0913, PLR0917 - a command's options
    ctx: typer.Context,
    recipe: RecipeName,
    data: DataDir = None,
    runs: RunsDir = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Start over and replace the existing run.")] = False,
    device: Device = "auto",
    devices: Annotated[str, typer.Option(help="How many devices train together, or auto.")] = "auto",
) -> None:
    """Train a network from a recipe, with the backdoor that the recipe describes.

    Prints the run's folder and what was measured on the test images. A finished run is not repeated. To make your own
    attack, copy a recipe from training/recipes, edit it and pass its path.

    Example: backdoors train digits-badnet
    """
    from training.core.console import stderr_console
    from training.core.files import default_runs_dir
    from training.recipes.load import load
    from training.runs.lineage import train
    from training.runs.store import finished

    resumable(ctx, "--resume")
    console = stderr_console(quiet=rank() > 0)  # of several processes, one reports
    wanted = load(recipe)
    folder = (runs or default_runs_dir()) / wanted.run_name
    if finished(folder) and not force:
        console.print(f"{folder} is already finished; --force trains it again", soft_wrap=True)
    run = train(
        wanted, runs_dir=folder.parent, data_dir=data, resume=resume, force=force, device=device, devices=devices,
        console=console,
    )  # fmt: skip
    if rank() > 0:
        return
    show(run.path)
    for name, found in estimates(run.metrics.measurement):
        show(f"{name:20} {found.value:8.2%}  of {found.n} (95 %: {interval(found)})")
