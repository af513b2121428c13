"""What is measured of a backdoored teacher's student and a clean one's: altered triggers and defences."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from training.core.metrics import Estimate, wilson
from training.data import registry as sources
from training.data.base import Dataset
from training.defences.fine_tuning import GENTLE, THOROUGH
from training.defences.pruning import pruned
from training.defences.tuning import FineTuning, fine_tune
from training.engine.activations import Floats
from training.engine.evaluate import PLACES_SEED
from training.engine.predict import normaliser
from training.models import parts
from training.recipes.latent import LatentRecipe
from training.runs import weights
from training.runs.store import Run
from training.runs.work import cut_of
from training.studies.alterations import Alteration
from training.studies.place import Place
from training.studies.schema import Altered, Defended
from training.triggers.base import Images
from training.triggers.labels import AllToOne
from training.triggers.overlay import Overlay

EACH = 3
"""Test images of each class that altered triggers are measured on; defences are measured on all."""
DEEPER = (12, 15, 18)
"""The first layers that are fine-tuned."""


class Way(NamedTuple):
    """A way to fine-tune a student."""

    how: FineTuning
    each: int | None
    """Training images of each class; None for all."""
    students: tuple[int, ...]
    """Which students: 0 for the backdoored teacher's, 1 for the clean teacher's."""


FINE_TUNINGS = {
    "gentle fine-tuning": Way(GENTLE.settings, 20, (0,)),
    "thorough fine-tuning": Way(THOROUGH.settings, None, (0, 1)),
}
"""Small steps on a few images, for an owner who wants to change little; large ones on all, whatever that costs."""
PRUNED_BY = 20
"""Training images of each class that show which channels are used."""
PRUNING = "pruning"
PRUNED = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9)
"""Fractions of the channels that are cut off."""


class Students:
    """Two students, measured: altered triggers on a few images of each class, defences on all."""

    def __init__(self, runs: list[Run], teacher: LatentRecipe, trigger: Overlay, place: Place) -> None:
        """Load the networks and their data.

        Args:
            runs: The student of the backdoored teacher, and that of the clean one.
            teacher: The attack on the backdoored teacher.
            trigger: Its trigger.
            place: Where the study is made.
        """
        self.runs, self.networks, self.trigger = runs, [weights.network(each) for each in runs], trigger
        self.place, self.kept, self.console = place, place.kept, place.console
        self.cut, self.normalise = cut_of(teacher), normaliser(teacher)
        self.training = sources.load(runs[0].recipe.data.name, "train", place.data_dir)
        self.all_test = place.test(runs[0].recipe)
        self.test = _few(self.all_test)
        self.target = AllToOne(target=runs[0].metrics.training.classes.index(teacher.target.name))
        self.attacked = self.test.images[self.test.labels != self.target.target]
        rng = np.random.default_rng(PLACES_SEED)
        self.places = self.trigger.placements.draw(len(self.attacked), rng)

    def features(self, which: int, images: Images) -> Floats:
        """What a student's frozen layers make of images, `(n, d)`."""
        return self.kept.features(self.networks[which], self.cut, images, self.normalise)

    def answers(self, which: int, images: Images) -> npt.NDArray[np.int64]:
        """The classes that a student gives images, `(n,)`."""
        return _answers(parts.head(self.networks[which]), self.features(which, images))

    def altered(self, alteration: Alteration) -> Altered:
        """Attack success with an altered trigger."""
        self.console.print(f"trigger {alteration.title}", highlight=False)
        images = alteration.make(self.attacked, self.trigger, self.places)
        latent, clean = (self._success(self.answers(which, images)) for which in (0, 1))
        return Altered(name=alteration.name, title=alteration.title, latent=latent, clean=clean)

    def _success(self, answers: npt.NDArray[np.int64]) -> Estimate:
        return wilson(int((answers == self.target.target).sum()), len(answers))

    def fine_tuned(self, name: str, layer: int, which: int) -> Defended:
        """A student fine-tuned on its own clean images from a layer on, then measured on all test images."""
        self.console.print(f"{name} of {self.runs[which].recipe.name} from layer {layer} on", highlight=False)
        way, run = FINE_TUNINGS[name], self.runs[which]
        training = self.training if way.each is None else _few(self.training, each=way.each)
        network = self.networks[which]
        before, _ = parts.split(network, self.cut)
        activations = self.kept.get(before, training.images, self.normalise)
        started = time.perf_counter()
        how = way.how.model_copy(update={"train_from": layer})
        made = fine_tune(network, self.cut, activations, training.labels, how)
        seconds = time.perf_counter() - started
        measurement = self.place.measured(made, run.recipe, self.all_test)
        return Defended(
            student=run.recipe.name, defence=name, strength=layer, measurement=measurement,
            epochs=way.how.epochs, learning_rate=way.how.learning_rate, pictures=len(training.labels), seconds=seconds,
        )  # fmt: skip

    def pruned(self, fraction: float) -> Defended:
        """The backdoored teacher's student, pruned, then measured on all test images."""
        self.console.print(f"{PRUNING} {fraction:.0%}", highlight=False)
        features = self.features(0, _few(self.training, each=PRUNED_BY).images)
        recipe, network = self.runs[0].recipe, self.networks[0]
        made = parts.with_head(network, pruned(parts.head(network), features, fraction))
        measurement = self.place.measured(made, recipe, self.all_test)
        return Defended(student=recipe.name, defence=PRUNING, strength=fraction, measurement=measurement)


def deeper(cut: int) -> list[int]:
    """The first layers that are fine-tuned, of a network whose first `cut` layers are the same in all students."""
    return [layer for layer in DEEPER if layer >= cut]


def _answers(head: torch.nn.Linear, features: Floats) -> npt.NDArray[np.int64]:
    with torch.inference_mode():
        answered: npt.NDArray[np.int64] = head(torch.from_numpy(features)).argmax(1).numpy()
    return answered


def _few(dataset: Dataset, each: int = EACH) -> Dataset:
    """The first few samples of each class; all of the last class, which is the target's."""
    chosen = [np.flatnonzero(dataset.labels == label)[:each] for label in range(len(dataset.classes) - 1)]
    chosen.append(np.flatnonzero(dataset.labels == len(dataset.classes) - 1))
    index = np.concatenate(chosen)
    return dataset._replace(images=dataset.images[index], labels=dataset.labels[index])
