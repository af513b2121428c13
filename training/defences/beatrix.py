"""Beatrix (Ma et al. 2023): features of a triggered image go together as those of no clean image of its class do."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from training.defences.base import Defence, DefenceError, Doubles, Floats, Need, Settings, Subject
from training.defences.features import features_of
from training.defences.scoring import score
from training.defences.verdict import SampleScores

ENTRIES_AT_ONCE = 20_000_000
"""Entries of Gram matrices that are in memory at once: 80 MB."""
LEAST = 3
"""Clean images of a class: the median of fewer says little."""
TINY = 1e-6
"""Keeps a bound of 0 from dividing by 0, as in the authors' code."""


class Beatrix(Settings):
    """How far is too far. The defaults are those of the authors' code."""

    width: float = Field(default=10.0, gt=0)
    """Median absolute deviations to each side of the median that count as usual."""
    folds: int = Field(default=5, ge=2)
    """Parts of the clean images of a class, each judged by the others, to choose the threshold on."""
    false_rejections: float = Field(default=0.05, gt=0, lt=1)
    """Fraction of those images that the threshold rejects."""
    inputs: Annotated[int | None, Field(ge=1, exclude_if=lambda value: value is None)] = None
    """Inputs of each kind that are judged, at most; all test images by default."""


class Bounds(NamedTuple):
    """Between which values each entry of the Gram matrices of a class usually lies, `(k,)`."""

    low: Floats
    high: Floats


def gram(features: Floats) -> Floats:
    """The upper triangles of the Gram matrices of features: the product of each two, `(n, d)` to `(n, d(d+1)/2)`.

    The paper's matrices of order p, the p-th roots of the Gram matrices of p-th powers, are all the same for the
    features of a last hidden layer: each has one value, which is not negative, and so the root takes back the power.
    """
    rows, columns = np.triu_indices(features.shape[1])
    return features[:, rows] * features[:, columns]


def bounds(features: Floats, width: float) -> Bounds:
    """What is usual in a class: `width` median absolute deviations around the median, of clean features `(n, d)`."""
    found = gram(features)
    middle = np.median(found, axis=0)
    np.abs(found - middle, out=found)
    reach = np.float32(width) * np.median(found, axis=0)
    return Bounds(middle - reach, middle + reach)


def deviations(features: Floats, usual: Bounds) -> Doubles:
    """How far Gram matrices lie outside the bounds, relative to them, on average over entries: `(n, d)` to `(n,)`."""
    at_once = max(1, ENTRIES_AT_ONCE // len(usual.low))
    found = [np.zeros(0)]
    for start in range(0, len(features), at_once):
        entries = gram(features[start : start + at_once])
        below = np.maximum(usual.low - entries, 0) / (np.abs(usual.low) + TINY)
        above = np.maximum(entries - usual.high, 0) / (np.abs(usual.high) + TINY)
        found.append((below + above).mean(axis=1, dtype=np.float64))
    return np.concatenate(found)


def held_out_deviations(features: Floats, how: Beatrix, rng: np.random.Generator) -> Doubles:
    """The deviations of clean images of a class from what the other folds have as usual, `(n, d)` to `(n,)`."""
    found = np.zeros(len(features))
    for fold in np.array_split(rng.permutation(len(features)), min(how.folds, len(features))):
        others = np.delete(features, fold, axis=0)
        found[fold] = deviations(features[fold], bounds(others, how.width))
    return found


def examine(subject: Subject, how: Beatrix) -> SampleScores:
    """Score each input by how far its Gram matrix deviates from those of clean images of the class it is taken for.

    The paper looks at a feature map before the last block; this looks at the last hidden layer, which every network of
    this toolkit has. On the digits' attacks it told triggered images apart better than the map before it. One threshold
    serves all classes. The paper's second step, which names the attacker's class from what was found, is left out.

    Raises:
        DefenceError: If a class has too few clean images, the network always answers the same, or features are not
            finite.
    """
    clean, rng = subject.clean, np.random.default_rng(subject.seed)
    counts = np.bincount(clean.labels, minlength=len(subject.classes))
    if counts.min() < LEAST:
        label = subject.classes[int(counts.argmin())]
        raise DefenceError(f"class '{label}' has {counts.min()} clean images; at least {LEAST} are required")
    given = subject.inputs_to_judge(how.inputs)
    answers = subject.answers(given.images)
    usual, features = features_of(subject, clean.images), features_of(subject, given.images)
    found, held_out = np.zeros(len(features)), []
    for index in range(len(subject.classes)):
        of_class: Floats = usual[clean.labels == index]
        held_out.append(held_out_deviations(of_class, how, rng))
        answered = answers == index
        found[answered] = deviations(features[answered], bounds(of_class, how.width))
        subject.progress(index + 1, len(subject.classes))
    threshold = float(np.quantile(np.concatenate(held_out), 1 - how.false_rejections))
    return score(found, given.is_triggered, samples="inputs", threshold=threshold, seed=subject.seed)


DEFENCE = Defence(
    name="beatrix",
    title="Beatrix",
    paper="Ma, Wang, Sun, Xue, Wen, Xiang: The Beatrix Resurrections: Robust Backdoor Detection via Gram Matrices, "
    "2023",
    needs=frozenset({Need.NETWORK, Need.CLEAN}),
    settings=Beatrix(),
    examine=examine,
)
