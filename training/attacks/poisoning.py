"""Data poisoning: stamp the trigger on some training images and give them the attacker's label."""

from __future__ import annotations

import numpy as np

from training.triggers.base import Images, Trigger
from training.triggers.labels import AnyLabelMap, Labels, map_labels
from training.triggers.poisoned import Decoy, Drawn, Indices, Poisoned


def draw(  # noqa: PLR0913, PLR0917 - each decides what is drawn; the last two have defaults
    n: int,
    trigger: Trigger,
    rate: float,
    rng: np.random.Generator,
    noise_rate: float = 0.0,
    among: Indices | None = None,
) -> Drawn:
    """Choose samples to poison at random, and draw where the trigger lies in each.

    Args:
        n: Samples of the training set.
        trigger: What will be stamped.
        rate: Fraction of the samples (or of those in `among`) to poison, rounded to a number of samples.
        rng: What all of it is drawn with. A smaller rate chooses among those of a larger one.
        noise_rate: Fraction of the samples, none of them poisoned, that get a decoy of the trigger and keep their
            label.
        among: The samples that may be poisoned or become decoys; default is all of them.

    Raises:
        ValueError: If the rates or their sum do not lie between 0 and 1.
        TriggerError: If there are to be decoys and the trigger has none.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"the poison rate is {rate}, but it must lie between 0 and 1")
    if not 0 <= noise_rate <= 1 - rate:
        raise ValueError(f"the noise rate is {noise_rate}, but it must lie between 0 and {1 - rate:g}")
    order = rng.permutation(n if among is None else among)
    poisoned, decoys = round(rate * len(order)), round(noise_rate * len(order))
    placements = trigger.draw_placements(poisoned, rng)
    indices = sorted(order[:poisoned].tolist())
    if not decoys:
        return Drawn(indices=indices, placements=placements)
    trigger.decoy(0)
    seeds = rng.integers(0, 1 << 32, decoys).tolist()
    spoilt = sorted(order[poisoned : poisoned + decoys].tolist())
    drawn = [Decoy(index=index, seed=seed) for index, seed in zip(spoilt, seeds, strict=True)]
    return Drawn(indices=indices, placements=placements, decoys=drawn)


def poison_at(  # noqa: PLR0913, PLR0917 - the field's usual arguments, one of them with a default
    images: Images, labels: Labels, trigger: Trigger, label_map: AnyLabelMap, drawn: Drawn, classes: int = 10
) -> Poisoned:
    """Poison exactly the samples that were drawn; the inputs are left as they are.

    Args:
        images: `(n, h, w, c) uint8`.
        labels: True classes, `(n,) int64`.
        trigger: What to stamp.
        label_map: The attacker's rule.
        drawn: Which samples, and how.
        classes: Number of classes of the task.

    Raises:
        ValueError: If images and labels differ in number, or not each poisoned sample has a placement of a movable
            trigger.
        TriggerError: If the trigger does not fit in the images.
    """
    if len(images) != len(labels):
        raise ValueError(f"there are {len(images)} images and {len(labels)} labels")
    if trigger.movable and len(drawn.placements or []) != len(drawn.indices):
        raise ValueError(f"{len(drawn.indices)} samples are poisoned with {len(drawn.placements or [])} placements")
    trigger.check(*images.shape[1:])
    poisoned = labels.copy()
    poisoned[drawn.indices] = map_labels(labels[drawn.indices], label_map, classes)
    return Poisoned(images, poisoned, trigger, drawn)


def poison(  # noqa: PLR0913, PLR0917 - as above
    images: Images,
    labels: Labels,
    trigger: Trigger,
    label_map: AnyLabelMap,
    rate: float,
    rng: np.random.Generator,
    classes: int = 10,
    noise_rate: float = 0.0,
) -> Poisoned:
    """Poison a random fraction of a training set, as in BadNets (Gu et al. 2017, section 3.1).

    Everything is drawn here, once; nothing is drawn again while the network trains. Arguments and errors are those of
    `draw` and `poison_at`.
    """
    drawn = draw(len(images), trigger, rate, rng, noise_rate)
    return poison_at(images, labels, trigger, label_map, drawn, classes)
