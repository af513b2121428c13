"""From a run to the subject that defences examine: its network, and which images the owner and the judge get."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from training.attacks import badnets
from training.core.errors import RunError
from training.data import registry as sources
from training.data import splits
from training.data.base import Dataset
from training.data.strata import stratified
from training.defences.base import Need, Network, Samples, Subject, TrainingData
from training.engine.devices import device_named
from training.engine.inference import frozen
from training.engine.predict import normaliser, predictor
from training.recipes.base import AnyRecipe
from training.recipes.latent import LatentRecipe
from training.recipes.scratch import ScratchRecipe
from training.runs import weights
from training.runs.store import POISONED, WEIGHTS, Run
from training.triggers.poisoned import Drawn

HELD_OUT = 0.25
"""Fraction of the test images that the owner of a network without validation images gets; everything is measured on the
others."""
HELD_OUT_SEED = 0
"""Of which images those are: the same for every defence, seed and network."""


def hold_out(dataset: Dataset) -> tuple[Samples, Samples]:
    """The owner's clean images, a quarter of each class, and the rest, which defences are measured on.

    For networks whose recipe sets no validation images aside: who is given one has none of its training images.
    """
    owned = stratified(dataset.labels, len(dataset.classes), HELD_OUT, HELD_OUT_SEED)
    clean, test = (Samples(dataset.images[which], dataset.labels[which]) for which in (owned, ~owned))
    return clean, test


def measured_on(data: str) -> str:
    """What to call the test images that `hold_out` leaves."""
    return f"{data} test, {1 - HELD_OUT:.0%} of it"


def of_run(run: Run, *, data_dir: Path | None = None, device: str = "auto") -> Subject:
    """A finished run as a subject.

    If its recipe sets validation images aside, those are its owner's, and everything is measured on all test images;
    otherwise `hold_out` divides the test images.

    Args:
        run: The run.
        data_dir: Folder with the data; see `training.data.registry.load`.
        device: Where the network runs: auto, cpu, cuda or mps.

    Raises:
        RunError: If the run's weights are missing or damaged, or there is no such device.
    """
    recipe, place = run.recipe, device_named(device)
    module, normalise = weights.network(run).to(place), normaliser(recipe)

    @cache
    def owned_and_test() -> tuple[Samples, Samples]:
        return _owned_and_test(run, data_dir)

    @cache
    def training() -> TrainingData:
        return _training_data(run, data_dir)

    return Subject(
        name=recipe.name,
        sha256=_sha256(run.path / WEIGHTS),
        recipe_sha256=recipe.sha256,
        classes=run.metrics.training.classes,
        backdoored=recipe.backdoored,
        predict=predictor(frozen(module), normalise, place),
        data=f"{recipe.data.name} test" if _sets_aside(recipe) else measured_on(recipe.data.name),
        load_clean=lambda: owned_and_test()[0],
        load_test=lambda: owned_and_test()[1],
        trigger=recipe.trigger,
        label_map=recipe.label_map_for(run.metrics.training.classes),
        network=Network(module, normalise),
        load_training=training if isinstance(recipe, ScratchRecipe) else None,
        absent={Need.TRAINING: _why_no_training_data(recipe)},
        device=place,
    )


def _sets_aside(recipe: AnyRecipe) -> bool:
    return isinstance(recipe, ScratchRecipe) and recipe.data.validation is not None


def _owned_and_test(run: Run, data_dir: Path | None) -> tuple[Samples, Samples]:
    """The owner's clean images, and those that defences are measured on."""
    recipe = run.recipe
    test = sources.load(recipe.data.name, "test", data_dir)
    run.require_classes(test)
    fraction = recipe.data.validation if isinstance(recipe, ScratchRecipe) else None
    if fraction is None:
        return hold_out(test)
    _, validation = splits.set_aside(sources.load(recipe.data.name, "train", data_dir), fraction)
    return _samples(validation), _samples(test)


def _training_data(run: Run, data_dir: Path | None) -> TrainingData:
    """What a network that was trained from scratch saw, before augmentation."""
    if not isinstance(run.recipe, ScratchRecipe):
        raise TypeError(f"{run.recipe.name} was not trained from scratch")
    found = splits.load_training(run.recipe.data, data_dir)
    record = run.path / POISONED  # a run that was restored from a released file has none
    drawn = Drawn.model_validate_json(record.read_bytes()) if record.is_file() else badnets.draw_for(found, run.recipe)
    poisoned = badnets.apply(found, run.recipe.attack, drawn)
    return TrainingData(poisoned.images, poisoned.labels, poisoned.is_poisoned)


def _samples(dataset: Dataset) -> Samples:
    return Samples(dataset.images, dataset.labels)


def _why_no_training_data(recipe: AnyRecipe) -> str:
    if isinstance(recipe, LatentRecipe):
        return "the attacker made the poisoned images, and published the network alone"
    return "a student learns from clean images alone; a backdoor would come with its teacher"


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}") from error
