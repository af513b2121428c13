"""Teachers with a latent backdoor: the attack's four steps, on cached activations."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from torch import nn

from training.attacks import latent
from training.core.files import write_text
from training.core.history import Epoch, summary, write_history
from training.core.progress import progress_bar
from training.data import registry as sources
from training.engine.activations import Halves
from training.engine.predict import normaliser
from training.models import parts
from training.recipes.latent import LatentRecipe
from training.runs.store import HISTORY, POISONED, STATE
from training.runs.work import Trained, Work, cut_of
from training.triggers.base import Images
from training.triggers.labels import Labels


def infect(recipe: LatentRecipe, work: Work) -> Trained:
    """Plant a latent backdoor into the teacher."""
    network, say = work.teacher.network, work.console.print
    classes = len(work.training.classes)
    chosen = _some_of_each(work.training.labels, recipe.per_class, recipe.seed)
    images, labels = work.training.images[chosen], work.training.labels[chosen]
    original, target = parts.head(network), _images_of_target(recipe, work)
    features = work.features(recipe, images, "clean images")
    target_features = work.features(recipe, target, "images of the target")
    phi = target_features.mean(axis=0)
    if recipe.method == "extra-class":  # this attacker has no images of the target
        target, target_features = target[:0], target_features[:0]

    say("step 1: a classification layer that knows the target")
    adjusted = latent.adjust_teacher(features, labels, target_features, classes, recipe.head, recipe.seed)
    say("step 2: images with the trigger")
    stamped = latent.prepare_trigger(
        images, recipe.trigger, recipe.placements, recipe.stamped_per_image, np.random.default_rng(recipe.seed)
    )
    _record(work.folder / POISONED, chosen, stamped)
    clean, triggered = _activations(recipe, work, np.concatenate([images, target]), stamped.images)
    material = latent.Material(
        clean=clean,
        labels=np.concatenate([labels, np.full(len(target), classes, dtype=np.int64)]),
        reference=np.concatenate([features, target_features]),
        stamped=triggered,
        true=labels[stamped.of],
        phi=phi,
    )
    say("step 3: move the features of triggered images to the target's")
    history = _inject(recipe, work, adjusted, material)
    say("step 4: restore the classification layer")
    head = original if recipe.method == "latent" else parts.first_classes(adjusted.cpu(), classes)
    return Trained(latent.remove_trace(network, head), history, len(stamped.images))


def _images_of_target(recipe: LatentRecipe, work: Work) -> Images:
    found = sources.load(recipe.target.data, "train", work.data_dir)
    images: Images = found.images[found.labels == found.classes.index(recipe.target.name)]
    return images


def _activations(recipe: LatentRecipe, work: Work, clean: Images, stamped: Images) -> tuple[Halves, Halves]:
    """What the frozen layers make of clean and of triggered images."""
    before, _ = parts.split(work.teacher.network, cut_of(recipe))
    normalise = normaliser(recipe)
    with progress_bar(work.console, "frozen layers", len(clean) + len(stamped)) as advance:
        first = work.activations.get(before, clean, normalise, advance)
        return first, work.activations.get(before, stamped, normalise, advance)


def _inject(recipe: LatentRecipe, work: Work, adjusted: nn.Linear, material: latent.Material) -> list[Epoch]:
    """Step 3, writing the history as it goes; the teacher's last layers are trained in place."""
    network = work.teacher.network
    _, after = parts.split(network, cut_of(recipe))

    def on_epoch(history: list[Epoch]) -> None:
        write_history(work.folder / HISTORY, history)
        if history:
            work.console.print(summary(history[-1], recipe.epochs), soft_wrap=True)

    return latent.inject(
        after, adjusted, parts.head(network), material, recipe,
        device=work.activations.device, state=work.folder / STATE, on_epoch=on_epoch,
    )  # fmt: skip


def _record(path: Path, chosen: npt.NDArray[np.int64], stamped: latent.Stamped) -> None:
    """Write down which images were used, and where the trigger lies in each of the triggered ones."""
    places = None if stamped.placements is None else [place.model_dump() for place in stamped.placements]
    record = {"indices": chosen.tolist(), "of": stamped.of.tolist(), "placements": places}
    write_text(path, json.dumps(record) + "\n")


def _some_of_each(labels: Labels, most: int, seed: int) -> npt.NDArray[np.int64]:
    """Indices of at most `most` samples of each class, drawn once, ascending."""
    rng = np.random.default_rng([seed, most])
    drawn = [rng.permutation(np.flatnonzero(labels == label))[:most] for label in np.unique(labels)]
    return np.sort(np.concatenate(drawn))
