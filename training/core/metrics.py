"""What is measured of a network, each proportion with its n and a 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from training.triggers.base import Images, Trigger
from training.triggers.labels import LabelMap, Labels, map_labels

Predict = Callable[[Images], npt.NDArray[np.float32]]
"""Pictures `(n, h, w, c) uint8` to logits `(n, classes) float32`; how is the predictor's own business."""

Z95 = 1.959963984540054
"""The 97.5 % point of the normal distribution."""
PLACES_SEED = 20200731
"""Of the places where a trigger that may lie anywhere is put for measuring."""


class Estimate(BaseModel):
    """A proportion with its Wilson 95 % interval."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    value: float = Field(ge=0, le=1)
    n: int = Field(ge=0)
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)


class Measurement(BaseModel):
    """What `evaluate` measured of one network on one data set."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    data: str
    """Which data, for example `mnist test`."""
    clean_accuracy: Estimate
    attack_success_rate: Estimate | None = None
    """Share of triggered samples given the attacker's label; samples that already have it are left out."""
    robust_accuracy: Estimate | None = None
    """Share of the same triggered samples still given their true label."""
    changed_by_trigger: Estimate | None = None
    """Share of the same samples whose answer the trigger changes, to whatever: a network without the target's class
    gives itself away by it."""
    per_class: dict[str, dict[str, Estimate]] = Field(default_factory=dict)
    """Label -> metric name -> estimate."""


def wilson(hits: int, n: int) -> Estimate:
    """A proportion of `hits` in `n` with its Wilson score interval (Wilson 1927); `[0, 1]` when n is 0.

    Raises:
        ValueError: If `hits` does not lie between 0 and `n`.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} of {n} is not a proportion")
    if n == 0:
        return Estimate(value=0, n=0, low=0, high=1)
    share, scale = hits / n, 1 + Z95**2 / n
    middle = (share + Z95**2 / (2 * n)) / scale
    half = Z95 / scale * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    # at 0 and n of n the formula's bound is exact but for rounding
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == n else min(1.0, middle + half)
    return Estimate(value=share, n=n, low=low, high=high)


def evaluate(  # noqa: PLR0913 - each a choice of the caller's
    predict: Predict,
    images: Images,
    labels: Labels,
    *,
    data: str,
    labels_text: list[str],
    trigger: Trigger | None = None,
    label_map: LabelMap | None = None,
    batch_size: int = 500,
) -> Measurement:
    """Measure a network, whatever runs it.

    Args:
        predict: The network.
        images: Test pictures, `(n, h, w, c) uint8`.
        labels: True classes, `(n,) int64`.
        data: What to call the data, for example `mnist test`.
        labels_text: Name of each class.
        trigger: Stamped for all but the clean accuracy. One that may lie anywhere lies elsewhere in each picture,
            always in the same places.
        label_map: The attacker's rule; None where the network has no class that the attacker wants, and then there is
            no attack success.
        batch_size: Pictures given to `predict` at once.

    Raises:
        ValueError: If there are no pictures, their number is not that of the labels, or there is a label map without
            trigger.
    """
    if len(images) == 0 or len(images) != len(labels):
        raise ValueError(f"cannot evaluate on {len(images)} pictures with {len(labels)} labels")
    if trigger is None and label_map is not None:
        raise ValueError("attack success needs both a trigger and a label map")
    clean = _answers(predict, images, batch_size)
    truths: dict[str, tuple[npt.NDArray[np.bool_], Labels]] = {"clean_accuracy": (clean == labels, labels)}
    if trigger is not None:
        wanted = None if label_map is None else map_labels(labels, label_map, len(labels_text))
        attacked = np.ones(len(labels), dtype=np.bool_) if wanted is None else wanted != labels
        true = labels[attacked]
        placements = trigger.draw_placements(len(true), np.random.default_rng(PLACES_SEED))
        answers = _answers(predict, trigger.stamp(images[attacked], placements), batch_size)
        if wanted is not None:
            truths["attack_success_rate"] = (answers == wanted[attacked], true)
        truths["robust_accuracy"] = (answers == true, true)
        truths["changed_by_trigger"] = (answers != clean[attacked], true)
    per_class = {
        text: {name: _share(hits[of == index]) for name, (hits, of) in truths.items()}
        for index, text in enumerate(labels_text)
    }
    overall = {name: _share(hits) for name, (hits, _) in truths.items()}
    return Measurement(data=data, per_class=per_class, **overall)


def _answers(predict: Predict, images: Images, batch_size: int) -> Labels:
    """The class with the largest logit for each picture, `(n,) int64`."""
    parts = [predict(images[at : at + batch_size]).argmax(axis=1) for at in range(0, len(images), batch_size)]
    return np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, dtype=np.int64)


def _share(hits: npt.NDArray[np.bool_]) -> Estimate:
    return wilson(int(hits.sum()), len(hits))
