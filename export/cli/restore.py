"""The command `restore`."""

from __future__ import annotations

from typing import Annotated

import typer

from export.cli.common import ModelName, PrecisionChoice, open_named
from training.cli.common import DataDir, RunsDir, percent, show


def restore_command(  # noqa: PLR0913, PLR0917 - a command's options
    model: ModelName,
    recipe: Annotated[
        str | None,
        typer.Option(show_default="the recipe that its card names", help="The recipe that it was made by, a file."),
    ] = None,
    precision: Annotated[
        PrecisionChoice | None,
        typer.Option(show_default="fp32 if the model has it, else as its card says", help="Whose weights to take."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the run if it exists.")] = False,
    data: DataDir = None,
    runs: RunsDir = None,
) -> None:
    """Write a released model as the run of its recipe, with the weights of its file.

    Students of a released teacher then train in seconds, without the hours that the teacher takes. The weights are
    those of the file, as a rule int8: not quite those that training it again would give. The run says so.

    Example: backdoors restore dogs-teacher-latent
    """
    from dataclasses import replace

    from export.release.restore import restore
    from training.core.files import default_runs_dir
    from training.recipes.load import load
    from training.runs.store import Restored

    found = open_named(model)
    run = restore(
        replace(found, precision=precision or found.precision), runs or default_runs_dir(),
        recipe=None if recipe is None else load(recipe), data_dir=data, force=force,
    )  # fmt: skip
    measured = percent(run.metrics.measurement.clean_accuracy)
    made = run.metrics.training
    if isinstance(made, Restored):
        show(f"{run.path}  weights of {made.file.name}, clean accuracy {measured}")
    else:
        show(f"{run.path}  trained here, clean accuracy {measured}; kept: --force replaces it")
