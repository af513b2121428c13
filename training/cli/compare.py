"""The command `compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli.common import DataDir, Device, RunsDir, percent, show
from training.cli.errors import resumable


def compare_command(  # noqa: PLR0913, PLR0917 - a command's options
    ctx: typer.Context,
    recipes: Annotated[list[str], typer.Argument(metavar="RECIPE...", help="Recipes' names, or paths of their files.")],
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds to train each recipe with, from 1 on.")] = 3,
    data: DataDir = None,
    runs: RunsDir = None,
    out: Annotated[
        Path | None, typer.Option(show_default="RUNS/comparison.json", help="JSON file for the results.")
    ] = None,
    device: Device = "auto",
) -> None:
    """Train recipes with several seeds each, and collect what was measured in one file.

    Finished runs are not repeated: run the command again to resume an interrupted comparison.

    Example: backdoors compare digits-clean digits-blended --seeds 1
    """
    from training.core.console import stderr_console
    from training.core.files import default_runs_dir, write_text
    from training.recipes.load import load
    from training.studies.comparison import compare
    from training.studies.schema import Comparison, require_own

    resumable(ctx)
    folder = runs or default_runs_dir()
    target = out or folder / "comparison.json"
    require_own(target, Comparison, "compare")
    found = compare(
        [load(name) for name in recipes], range(1, seeds + 1), runs_dir=folder, data_dir=data, device=device,
        console=stderr_console(),
    )  # fmt: skip
    write_text(target, found.model_dump_json(indent=2, exclude_none=True) + "\n")
    for one in found.runs:
        success = "" if one.attack_success_rate is None else f"  ASR {percent(one.attack_success_rate)}"
        show(f"{one.recipe:24} seed {one.seed}  clean accuracy {percent(one.clean_accuracy)}{success}")
    show(target)
