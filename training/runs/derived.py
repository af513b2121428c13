"""Runs that start from a teacher: students, and teachers with a latent backdoor."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import torch
from rich.console import Console

from training.core.files import write_text
from training.core.history import write_history
from training.data import registry as sources
from training.engine.activations import Activations
from training.engine.devices import device_named
from training.models import imagenet
from training.recipes.base import AnyRecipe
from training.recipes.latent import LatentRecipe
from training.recipes.load import to_toml
from training.recipes.transfer import TransferRecipe
from training.runs import weights
from training.runs.latent import infect
from training.runs.provenance import data_hashes, versions
from training.runs.store import HISTORY, RECIPE, Facts, Metrics, Run, finish
from training.runs.student import train_student
from training.runs.work import Teacher, Work, measure


def train(  # noqa: PLR0913 - each a choice of the user's
    recipe: TransferRecipe | LatentRecipe,
    folder: Path,
    *,
    data_dir: Path | None,
    force: bool,
    device: str,
    console: Console,
) -> None:
    """Train a recipe whose teacher is trained into its run's folder; see `training.runs.lineage.train`.

    The frozen layers' activations are cached in `<runs>/activations`, which may be deleted at any time.
    """
    place = device_named(device)
    training_set, test_set = sources.load_both(recipe.data.name, data_dir)
    work = Work(
        folder, teacher_of(recipe, folder.parent, data_dir), training_set, data_dir,
        Activations(folder.parent / "activations", place), console,
    )  # fmt: skip
    if force and folder.exists():
        shutil.rmtree(folder)
    write_text(folder / RECIPE, to_toml(recipe))
    started = time.perf_counter()
    trained = infect(recipe, work) if isinstance(recipe, LatentRecipe) else train_student(recipe, work)
    seconds = time.perf_counter() - started
    write_history(folder / HISTORY, trained.history)
    weights.write(folder, recipe, trained.network)
    hashes = data_hashes(recipe.data.name, {"train": training_set, "test": test_set})
    facts = Facts(
        recipe=recipe.name, recipe_sha256=recipe.sha256, seed=recipe.seed, data=recipe.data.name,
        data_sha256=hashes, samples=len(training_set.labels),
        poisoned=trained.poisoned, classes=training_set.classes, epochs=len(trained.history), precision="32-true",
        device=str(place), threads=torch.get_num_threads(), seconds=seconds, versions=versions(),
        teacher_file=work.teacher.file,
    )  # fmt: skip
    measured = measure(trained.network, recipe, test_set, work.activations, console=console)
    finish(folder, Metrics(measurement=measured, training=facts))


def teacher_of(recipe: AnyRecipe, runs_dir: Path, data_dir: Path | None) -> Teacher:
    """What a recipe starts from: its parent's finished run, or the ImageNet weights.

    Raises:
        RunError: If the parent's run is missing or cannot be read.
        DataError: If the ImageNet weights are unavailable.
    """
    if recipe.parent is None:
        return Teacher(imagenet.load(data_dir), [])
    run = Run.open(runs_dir / recipe.parent.run_name)
    return Teacher(weights.network(run), run.metrics.training.classes, run.file)
