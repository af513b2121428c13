"""STRIP (Gao et al. 2019): a trigger keeps the answer the same, whatever images are laid over the input."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.special import log_softmax

from training.defences.base import Defence, DefenceError, Doubles, Floats, Need, Settings, Subject, draw
from training.defences.scoring import score
from training.defences.verdict import SampleScores
from training.triggers.base import Images

LEAST = 10
"""Overlays of an input, at least: fewer tell little of how an answer varies."""
BLENDED_AT_ONCE = 500
"""Blended images that are in memory at once; 75 MB of photos."""


class Strip(Settings):
    """How inputs are blended and judged. The defaults are the paper's for MNIST."""

    overlays: int = Field(default=100, ge=LEAST)
    """Clean images laid over each input, one at a time (the paper's N); all of the owner's if there are fewer."""
    input_weight: float = Field(default=1.0, gt=0, le=1)
    """Of the input in the sum. The authors' code adds the two images, and so does this by default."""
    overlay_weight: float = Field(default=1.0, gt=0, le=1)
    """Of the overlay in the sum."""
    false_rejections: float = Field(default=0.01, gt=0, lt=1)
    """Fraction of the clean inputs that may be rejected; the threshold follows."""
    inputs: int = Field(default=2000, ge=1)
    """Inputs of each kind that are judged, and clean images that the threshold is chosen on, at most."""


def entropies(logits: Floats) -> Doubles:
    """Shannon entropy of each answer in bits: `(n, classes)` to `(n,)`."""
    log_probabilities = log_softmax(logits.astype(np.float64), axis=1)
    found: Doubles = -(np.exp(log_probabilities) * log_probabilities).sum(axis=1) / np.log(2)
    return found


def blend(images: Images, overlays: Images, input_weight: float = 1.0, overlay_weight: float = 1.0) -> Images:
    """Weighted sums of images and overlays, rounded and clipped to 0 to 255.

    Args:
        images: `(n, h, w, c) uint8`.
        overlays: `(n, k, h, w, c) uint8`.
        input_weight: Of the images.
        overlay_weight: Of the overlays.

    Returns:
        `(n * k, h, w, c) uint8`, an image's overlays side by side.
    """
    total = input_weight * images[:, None].astype(np.float32) + overlay_weight * overlays.astype(np.float32)
    return np.clip(np.rint(total), 0, 255).astype(np.uint8).reshape(-1, *images.shape[1:])


def normalised_entropies(
    subject: Subject, images: Images, overlays: Images, drawn: npt.NDArray[np.int64], how: Strip
) -> Doubles:
    """The mean entropy of the answers to an image under its overlays, `(n,)`.

    Args:
        subject: Answers.
        images: `(n, h, w, c) uint8`.
        overlays: `(m, h, w, c) uint8`.
        drawn: Which overlays each image gets, `(n, k)`.
        how: The images' weights.
    """
    at_once = max(1, BLENDED_AT_ONCE // drawn.shape[1])
    found = []
    for start in range(0, len(images), at_once):
        which = slice(start, start + at_once)
        blended = blend(images[which], overlays[drawn[which]], how.input_weight, how.overlay_weight)
        found.append(entropies(subject.logits(blended)).reshape(-1, drawn.shape[1]).mean(axis=1))
        subject.progress(min(start + at_once, len(images)), len(images))
    return np.concatenate(found)


def detection_boundary(usual: Doubles, false_rejections: float) -> float:
    """The normalised entropy below which a fraction of the clean inputs lie.

    Args:
        usual: Normalised entropies of clean images, `(n,)`; a normal distribution is fitted to them.
        false_rejections: The fraction.
    """
    return NormalDist(float(usual.mean()), float(usual.std())).inv_cdf(false_rejections)


def examine(subject: Subject, how: Strip) -> SampleScores:
    """Score each input by its normalised entropy: the lower, the more suspicious.

    The threshold is the paper's: a normal distribution is fitted to the normalised entropies of the owner's clean
    images, each under other clean images, and rejects the given fraction of them. Entropies cannot be
    negative: if those of clean images lie close to 0 and spread widely, that threshold rejects nothing.

    Raises:
        DefenceError: If there are too few clean images, or the network answers the same to all of them.
    """
    rng = np.random.default_rng(subject.seed)
    overlays = subject.clean.images
    count = min(how.overlays, len(overlays) - 1)
    if count < LEAST:
        raise DefenceError(f"there are {len(overlays)} clean images; {LEAST + 1} are required to lay over each other")
    subject.answers(overlays)
    own = draw(len(overlays), how.inputs, rng)
    keys = rng.random((len(own), len(overlays)), dtype=np.float32)
    keys[np.arange(len(own)), own] = 2  # an image is not laid over itself
    usual = normalised_entropies(subject, overlays[own], overlays, _smallest(keys, count), how)
    threshold = detection_boundary(usual, how.false_rejections)
    given = subject.inputs_to_judge(how.inputs)
    drawn = _smallest(rng.random((len(given.images), len(overlays)), dtype=np.float32), count)
    found = normalised_entropies(subject, given.images, overlays, drawn, how)
    return score(-found, given.is_triggered, samples="inputs", threshold=-threshold, seed=subject.seed)


def _smallest(keys: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.int64]:
    """Where the smallest of random numbers lie, for each row: a draw without replacement."""
    return np.argpartition(keys, count - 1, axis=1)[:, :count]


DEFENCE = Defence(
    name="strip",
    title="STRIP",
    paper="Gao, Xu, Wang, Chen, Ranasinghe, Nepal: STRIP: A Defence Against Trojan Attacks on Deep Neural Networks, "
    "2019",
    needs=frozenset({Need.CLEAN}),
    settings=Strip(),
    examine=examine,
)
