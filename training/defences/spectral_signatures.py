"""Spectral signatures (Tran, Li, Madry 2018): poison stands out along the direction in which features vary most."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pydantic import Field

from training.defences.base import Defence, DefenceError, Doubles, Floats, Need, Settings, Subject
from training.defences.features import by_class
from training.defences.scoring import score
from training.defences.verdict import SampleScores

EQUAL = 1e-10
"""Squared distance from the mean, relative to the largest, that rounding alone may cause."""
LEAST = 2
"""Training images of a class: one has no direction."""


class SpectralSignatures(Settings):
    """What is removed. The defaults are the paper's."""

    epsilon: float = Field(default=0.1, gt=0, lt=0.5)
    """Upper bound of the fraction of a class that is poisoned; the paper tries 0.05 and 0.1."""
    factor: float = Field(default=1.5, ge=1, le=2)
    """Samples that are removed for each that may be poisoned."""


class Signature(NamedTuple):
    """Where the features of a class lie, and how they vary most."""

    mean: Doubles
    """`(d,)`."""
    direction: Doubles
    """Top right singular vector of the centred features, `(d,)`; its sign means nothing."""


def signature(features: Floats) -> Signature:
    """The spectral signature of the features of a class, `(n, d)`."""
    mean: Doubles = features.mean(axis=0, dtype=np.float64)
    _, _, directions = np.linalg.svd(features - mean, full_matrices=False)
    return Signature(mean, directions[0])


def outlier_scores(features: Floats) -> Doubles:
    """Squared projections of centred features on their signature's direction, `(n, d)` to `(n,)`."""
    mean, direction = signature(features)
    found: Doubles = ((features - mean) @ direction) ** 2
    return found


def examine(subject: Subject, how: SpectralSignatures) -> SampleScores:
    """Score each training image among those of its label, and remove the most suspicious.

    Scores are relative to the class: above 1 are the samples that the paper removes, the top `factor * epsilon` of each
    class, clean classes included.

    Raises:
        DefenceError: If a class has too few images or no direction, or features are not finite.
    """
    found = np.zeros(len(subject.training.labels))
    for label, samples, features in by_class(subject, LEAST):
        scores = outlier_scores(features)
        removed = int(how.factor * how.epsilon * len(scores))
        bound = np.sort(scores)[::-1][removed]
        if bound <= EQUAL * scores.max():
            raise DefenceError(f"the network's features of most training images of class '{label}' are equal")
        found[samples] = scores / bound
    truth = subject.training.is_poisoned
    return score(found, truth, samples="training-images", threshold=1.0, seed=subject.seed)


DEFENCE = Defence(
    name="spectral-signatures",
    title="Spectral signatures",
    paper="Tran, Li, Madry: Spectral Signatures in Backdoor Attacks, 2018",
    needs=frozenset({Need.NETWORK, Need.TRAINING}),
    settings=SpectralSignatures(),
    examine=examine,
)
