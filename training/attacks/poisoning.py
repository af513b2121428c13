"""Data poisoning: stamp the trigger on some training pictures and give them the attacker's label."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from training.triggers.labels import LabelMap, Labels, map_labels
from training.triggers.registry import Images, Trigger, stamp

Chosen = npt.NDArray[np.bool_]
"""Which samples are poisoned, `(n,) bool`."""


class Poisoned(NamedTuple):
    """A training set with some samples poisoned."""

    images: Images
    """`(n, h, w, c) uint8`, the trigger stamped on the poisoned ones."""
    labels: Labels
    """`(n,) int64`, the attacker's label for the poisoned ones."""
    is_poisoned: Chosen
    """`(n,) bool`."""


def draw(n: int, rate: float, rng: np.random.Generator) -> Chosen:
    """Choose `rate` of `n` samples at random, rounded to whole samples.

    Raises:
        ValueError: If the rate is not between 0 and 1.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"the poison rate is {rate}, but it must lie between 0 and 1")
    chosen = np.zeros(n, dtype=np.bool_)
    chosen[rng.permutation(n)[: round(rate * n)]] = True
    return chosen


def poison_at(  # noqa: PLR0913, PLR0917 - the field's usual arguments, one of them with a default
    images: Images, labels: Labels, trigger: Trigger, label_map: LabelMap, chosen: Chosen, classes: int = 10
) -> Poisoned:
    """Poison exactly the chosen samples; the inputs are left as they are.

    Args:
        images: `(n, h, w, c) uint8`.
        labels: True classes, `(n,) int64`.
        trigger: What to stamp.
        label_map: The attacker's rule.
        chosen: Which samples, `(n,) bool`.
        classes: Number of classes of the task.

    Raises:
        ValueError: If pictures, labels and choice differ in number.
        TriggerError: If the trigger does not fit in the pictures.
    """
    if not len(images) == len(labels) == len(chosen):
        raise ValueError(f"there are {len(images)} pictures, {len(labels)} labels and {len(chosen)} choices")
    poisoned_images, poisoned_labels = images.copy(), labels.copy()
    poisoned_images[chosen] = stamp(images[chosen], trigger)
    poisoned_labels[chosen] = map_labels(labels[chosen], label_map, classes)
    return Poisoned(poisoned_images, poisoned_labels, chosen)


def poison(  # noqa: PLR0913, PLR0917 - as above
    images: Images,
    labels: Labels,
    trigger: Trigger,
    label_map: LabelMap,
    rate: float,
    rng: np.random.Generator,
    classes: int = 10,
) -> Poisoned:
    """Poison a random share of a training set, as in BadNets (Gu et al. 2017, section 3.1).

    Which samples are poisoned is drawn here once; nothing is drawn again while the network trains. Arguments and
    errors are those of `draw` and `poison_at`.
    """
    return poison_at(images, labels, trigger, label_map, draw(len(images), rate, rng), classes)
