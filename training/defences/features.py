"""Features of images, and of the training data class by class: what defences search for poison."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from training.defences.base import DefenceError, Floats, Subject
from training.models import parts
from training.triggers.base import Images


class OfClass(NamedTuple):
    """The training images that carry one label."""

    label: str
    samples: npt.NDArray[np.int64]
    """Which of the training images they are, `(n,)`."""
    features: Floats
    """Their features, `(n, d) float32`."""


def features_of(subject: Subject, images: Images) -> Floats:
    """The network's features (activations of the last hidden layer) of images, `(n, d) float32`.

    Raises:
        DefenceError: If some are not finite.
    """
    _, embed = parts.split(subject.require_network().module, 0)
    found = subject.activations(embed, images).reshape(len(images), -1)
    broken = int((~np.isfinite(found)).any(axis=1).sum())
    if broken:
        raise DefenceError(f"the network's features of {broken} of {len(found)} images are not finite")
    return found


def by_class(subject: Subject, least: int) -> Iterator[OfClass]:
    """The features of the training images of each label.

    Args:
        subject: With its network and its training data.
        least: Images of a class without which the defence makes no sense.

    Raises:
        DefenceError: If a class has fewer images, features are not finite, or all of a class are the same.
    """
    training = subject.training
    counts = np.bincount(training.labels, minlength=len(subject.classes))
    for label, count in zip(subject.classes, counts, strict=True):
        if count < least:
            raise DefenceError(f"class '{label}' has {count} training images; at least {least} are required")
    features = features_of(subject, training.images)
    for index, label in enumerate(subject.classes):
        samples = np.flatnonzero(training.labels == index)
        found = features[samples]
        if (found == found[0]).all():
            raise DefenceError(
                f"the network's features of all {len(found)} training images of class '{label}' are equal"
            )
        yield OfClass(label, samples, found)
        subject.progress(index + 1, len(subject.classes))
