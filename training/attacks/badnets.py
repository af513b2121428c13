"""BadNets (Gu, Dolan-Gavitt, Garg 2017): poison a fraction of the training set, then train as usual.

With `clean_label` it is the attack of Barni, Kallas and Tondi (2019): a fraction of the target's own images gets the
trigger, and every label stays true.
"""

from __future__ import annotations

import numpy as np

from training.attacks import poisoning
from training.core.portable import POISON, Portable
from training.data.base import Dataset
from training.recipes.scratch import Attack, ScratchRecipe
from training.triggers.labels import map_labels
from training.triggers.poisoned import Drawn, Poisoned


def draw(dataset: Dataset, attack: Attack, seed: int) -> Drawn:
    """Draw what is poisoned and how, once for the whole run."""
    rng = np.random.default_rng(seed)
    among = None
    if attack.clean_label:
        wanted = map_labels(dataset.labels, attack.label_map, len(dataset.classes))
        among = np.flatnonzero(dataset.labels == wanted)
    return poisoning.draw(len(dataset.images), attack.trigger, attack.poison_rate, rng, attack.noise_rate or 0.0, among)


def draw_for(dataset: Dataset, recipe: ScratchRecipe) -> Drawn:
    """What a recipe poisons and how; its seed and its data decide, so a released network's draw can be repeated."""
    return (draw_portably if recipe.rng == "portable" else draw)(dataset, recipe.attack, recipe.seed)


def draw_portably(dataset: Dataset, attack: Attack, seed: int) -> Drawn:
    """The same with the portable generator, for an attack whose trigger has one place and that has no decoys."""
    among = np.arange(len(dataset.labels))
    if attack.clean_label:
        among = np.flatnonzero(dataset.labels == map_labels(dataset.labels, attack.label_map, len(dataset.classes)))
    order = Portable(seed, POISON).permutation(len(among))
    return Drawn(indices=sorted(among[order[: round(attack.poison_rate * len(among))]].tolist()))


def apply(dataset: Dataset, attack: Attack, drawn: Drawn) -> Poisoned:
    """The poisoned training set."""
    return poisoning.poison_at(
        dataset.images, dataset.labels, attack.trigger, attack.label_map, drawn, classes=len(dataset.classes)
    )
