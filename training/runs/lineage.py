"""Training a recipe with all it builds on: the oldest ancestor that is not trained yet first."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from training.core.console import stderr_console
from training.core.errors import RunError
from training.data.images import read_once
from training.engine import processes
from training.engine.devices import device_named
from training.engine.memory import keep_memory
from training.recipes.base import AnyRecipe
from training.recipes.derived import DerivedRecipe
from training.recipes.latent import LatentRecipe
from training.recipes.scratch import ScratchRecipe
from training.recipes.transfer import TransferRecipe
from training.runs import derived, scratch
from training.runs.checks import LineageCheck, require_writable
from training.runs.store import STATE, Run, finished


def train(  # noqa: PLR0913 - each a choice of the user's
    recipe: AnyRecipe,
    *,
    runs_dir: Path,
    data_dir: Path | None = None,
    resume: bool = False,
    force: bool = False,
    device: str = "auto",
    devices: str | int = "auto",
    follow: bool = True,
    console: Console | None = None,
) -> Run:
    """Train a recipe, and the teachers it builds on first; what is finished already is used as it is.

    Args:
        recipe: What to train.
        runs_dir: Folder of all runs.
        data_dir: Folder with the data; see `training.data.registry.load`.
        resume: Resume a stopped run of this recipe; a job that Slurm or torchrun restarts does so anyway.
        force: Discard the existing run of this recipe, and start over.
        device: Fabric's accelerator: `auto`, `cpu`, `cuda`, `mps`, ….
        devices: How many of them, or `auto`.
        follow: Whether to measure after each epoch, not only at the end.
        console: For progress; default is stderr.

    Raises:
        RunError: If a stopped run exists and neither `resume` nor `force` is given, a recipe and its data do not fit
            together, or nothing can be written.
        DataError: If data is unavailable, or its splits differ in their classes.
        Stopped: If a signal arrived; the state to resume from is saved.
    """
    resume, force = resume or processes.restarted(), force and not processes.restarted()
    folder = runs_dir / recipe.run_name
    if finished(folder) and not force:
        return Run.open(folder)
    if (folder / STATE).exists() and not (resume or force):
        raise RunError(f"{folder}: a stopped run is here; resume it with --resume, or start over with --force")
    keep_memory()
    console = console or stderr_console(quiet=processes.rank() > 0)
    with read_once():
        if isinstance(recipe, DerivedRecipe):
            processes.require_one(f"{recipe.name} trains a head or a part of a network")
            device_named(device)
            LineageCheck(runs_dir, data_dir).check(recipe)
            require_writable(runs_dir)
        for each in untrained(recipe, runs_dir):
            place = runs_dir / each.run_name
            fresh = force and each is recipe
            if isinstance(each, ScratchRecipe):
                scratch.train(
                    each, place, data_dir=data_dir, force=fresh, device=device, devices=devices, follow=follow,
                    console=console,
                )  # fmt: skip
            elif isinstance(each, TransferRecipe | LatentRecipe):
                derived.train(each, place, data_dir=data_dir, force=fresh, device=device, console=console)
    return Run.open(folder)


def untrained(recipe: AnyRecipe, runs_dir: Path) -> list[AnyRecipe]:
    """The recipe and those of its ancestors that must be trained first, oldest first."""
    found = [recipe]
    for ancestor in recipe.lineage()[1:]:
        if finished(runs_dir / ancestor.run_name):
            break
        found.append(ancestor)
    return found[::-1]
