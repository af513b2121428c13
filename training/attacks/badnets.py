"""BadNets (Gu, Dolan-Gavitt, Garg 2017): poison a share of the training set, then train as usual."""

from __future__ import annotations

import numpy as np

from training.attacks.poisoning import Chosen, Poisoned, draw, poison_at
from training.data.base import Dataset
from training.recipes.scratch import Attack

PAPER = (
    "T. Gu, B. Dolan-Gavitt, S. Garg: BadNets: Identifying Vulnerabilities in the Machine Learning Model Supply Chain, "
    "2017, arXiv:1708.06733"
)


def choose(dataset: Dataset, attack: Attack, seed: int) -> Chosen:
    """Draw the samples to poison, once for the whole run."""
    return draw(len(dataset.images), attack.poison_rate, np.random.default_rng(seed))


def apply(dataset: Dataset, attack: Attack, chosen: Chosen) -> Poisoned:
    """The poisoned training set."""
    return poison_at(
        dataset.images, dataset.labels, attack.trigger, attack.label_map, chosen, classes=len(dataset.classes)
    )
