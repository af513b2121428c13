"""SCALE-UP (Guo et al. 2023): a triggered image keeps its answer when its pixels are multiplied."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field

from training.defences.base import Defence, DefenceError, Doubles, Need, Settings, Subject
from training.defences.batching import BATCH
from training.defences.scoring import score
from training.defences.verdict import SampleScores
from training.triggers.base import Images
from training.triggers.labels import Labels


def _from_text(given: object) -> object:
    return given.split(",") if isinstance(given, str) else given


class ScaleUp(Settings):
    """Which multiples are compared. The defaults are the paper's."""

    multiples: Annotated[tuple[Annotated[int, Field(ge=2)], ...], BeforeValidator(_from_text), Field(min_length=1)] = (
        3, 5, 7, 9, 11,
    )  # fmt: skip
    """What pixels are multiplied by (the paper's scaling set S), separated by commas on the command line."""
    threshold: float = 0.5
    """Of the consistency; above it an image is suspicious (the paper's T)."""
    inputs: Annotated[int | None, Field(ge=1, exclude_if=lambda value: value is None)] = None
    """Inputs of each kind that are judged, at most; all test images by default."""


def scaled(images: Images, multiple: int) -> Images:
    """Images `(n, h, w, c) uint8` with their pixels multiplied and clipped to 255."""
    return np.minimum(images.astype(np.uint16) * min(multiple, 255), 255).astype(np.uint8)


def consistencies(subject: Subject, images: Images, answers: Labels, how: ScaleUp) -> Doubles:
    """Scaled prediction consistency: the fraction of multiples that keep the answer, `(n,)`.

    Args:
        subject: Answers.
        images: `(n, h, w, c) uint8`.
        answers: The answers to the images themselves, `(n,) int64`.
        how: The multiples.
    """
    kept = np.zeros(len(images))
    for start in range(0, len(images), BATCH):
        which = slice(start, start + BATCH)
        for multiple in how.multiples:
            kept[which] += subject.logits(scaled(images[which], multiple)).argmax(axis=1) == answers[which]
        subject.progress(min(start + BATCH, len(images)), len(images))
    return kept / len(how.multiples)


def examine_without_data(subject: Subject, how: ScaleUp) -> SampleScores:
    """Score each input by its consistency: the paper's data-free setting.

    Raises:
        DefenceError: If the network always answers the same.
    """
    given = subject.inputs_to_judge(how.inputs)
    found = consistencies(subject, given.images, subject.answers(given.images), how)
    return score(found, given.is_triggered, samples="inputs", threshold=how.threshold, seed=subject.seed)


def examine_with_data(subject: Subject, how: ScaleUp) -> SampleScores:
    """Score each input by its consistency, relative to clean images of the class that it is answered with.

    Consistencies differ between classes, so each is standardised by mean and deviation of the clean images of its class
    (the data-limited setting). A class whose clean images are all equally consistent has no deviation; that of all
    clean images, each around its class's mean, stands in for it.

    Raises:
        DefenceError: If the network always answers the same, or multiples change its answers to no clean image or to
            all of them alike.
    """
    clean = subject.clean
    usual = consistencies(subject, clean.images, subject.answers(clean.images), how)
    of_class = [usual[clean.labels == label] for label in range(len(subject.classes))]
    means = np.array([values.mean() for values in of_class])
    overall = float(np.sqrt(((usual - means[clean.labels]) ** 2).mean()))
    if overall == 0:
        raise DefenceError(
            "all clean images of a class are equally consistent, so there is no scale to judge others by"
        )
    deviations = np.array([float(values.std()) or overall for values in of_class])
    given = subject.inputs_to_judge(how.inputs)
    answers = subject.answers(given.images)
    found = (consistencies(subject, given.images, answers, how) - means[answers]) / deviations[answers]
    return score(found, given.is_triggered, samples="inputs", threshold=how.threshold, seed=subject.seed)


WITHOUT_DATA = Defence(
    name="scale-up",
    title="SCALE-UP, without data",
    paper="Guo, Li, Chen, Guo, Sun, Liu: SCALE-UP: An Efficient Black-box Input-level Backdoor Detection via Analyzing "
    "Scaled Prediction Consistency, 2023",
    needs=frozenset(),
    settings=ScaleUp(),
    examine=examine_without_data,
)
WITH_DATA = Defence(
    name="scale-up-with-data",
    title="SCALE-UP, with clean images",
    paper=WITHOUT_DATA.paper,
    needs=frozenset({Need.CLEAN}),
    settings=ScaleUp(),
    examine=examine_with_data,
)
