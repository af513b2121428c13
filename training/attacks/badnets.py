"""BadNets (Gu, Dolan-Gavitt, Garg 2017): poison a fraction of the training set, then train as usual."""

from __future__ import annotations

import numpy as np

from training.attacks import poisoning
from training.data.base import Dataset
from training.recipes.scratch import Attack
from training.triggers.poisoned import Drawn, Poisoned


def draw(dataset: Dataset, attack: Attack, seed: int) -> Drawn:
    """Draw what is poisoned and how, once for the whole run."""
    rng = np.random.default_rng(seed)
    return poisoning.draw(len(dataset.images), attack.trigger, attack.poison_rate, rng, attack.noise_rate or 0.0)


def apply(dataset: Dataset, attack: Attack, drawn: Drawn) -> Poisoned:
    """The poisoned training set."""
    return poisoning.poison_at(
        dataset.images, dataset.labels, attack.trigger, attack.label_map, drawn, classes=len(dataset.classes)
    )
