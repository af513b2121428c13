"""The one evaluator: clean accuracy, attack success rate and robust accuracy of a network, whatever runs it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.core.metrics import Estimate, Measurement, Predict, wilson
from training.triggers.base import Images, Trigger
from training.triggers.labels import LabelMap, Labels, map_labels

PLACES_SEED = 20200731
"""Decides where a movable trigger lies in each test image."""


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
        images: Test images, `(n, h, w, c) uint8`.
        labels: True classes, `(n,) int64`.
        data: What to call the data, for example `mnist test`.
        labels_text: Name of each class.
        trigger: Stamped for everything but clean accuracy. The placement of a movable one differs from image to image,
            and is the same in every evaluation.
        label_map: The attacker's label map; None if the network lacks the target, and then there is no attack success.
        batch_size: Number of images given to `predict` at once.

    Raises:
        ValueError: If there are no images, there are not as many labels, or a label map is given without a trigger.
    """
    if len(images) == 0 or len(images) != len(labels):
        raise ValueError(f"cannot evaluate on {len(images)} images with {len(labels)} labels")
    if trigger is None and label_map is not None:
        raise ValueError("attack success needs both a trigger and a label map")
    clean = _predicted(predict, images, batch_size)
    hits_of: dict[str, tuple[npt.NDArray[np.bool_], Labels]] = {"clean_accuracy": (clean == labels, labels)}
    if trigger is not None:
        wanted = None if label_map is None else map_labels(labels, label_map, len(labels_text))
        attacked = np.ones(len(labels), dtype=np.bool_) if wanted is None else wanted != labels
        true = labels[attacked]
        placements = trigger.draw_placements(len(true), np.random.default_rng(PLACES_SEED))
        predicted = _predicted(predict, trigger.stamp(images[attacked], placements), batch_size)
        if wanted is not None:
            hits_of["attack_success_rate"] = (predicted == wanted[attacked], true)
        hits_of["robust_accuracy"] = (predicted == true, true)
        hits_of["changed_by_trigger"] = (predicted != clean[attacked], true)
    per_class = {
        text: {name: _proportion(hits[true == index]) for name, (hits, true) in hits_of.items()}
        for index, text in enumerate(labels_text)
    }
    overall = {name: _proportion(hits) for name, (hits, _) in hits_of.items()}
    return Measurement(data=data, per_class=per_class, **overall)


def _predicted(predict: Predict, images: Images, batch_size: int) -> Labels:
    """The class with the largest logit of each image, `(n,) int64`."""
    parts = [predict(images[at : at + batch_size]).argmax(axis=1) for at in range(0, len(images), batch_size)]
    return np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, dtype=np.int64)


def _proportion(hits: npt.NDArray[np.bool_]) -> Estimate:
    return wilson(int(hits.sum()), len(hits))
