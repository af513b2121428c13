"""MM-BD (Wang, Xiang, Miller, Kesidis 2024): no class can a network be made as sure of as of the attacker's."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from pydantic import Field
from scipy import stats

from training.defences.base import (
    PIXELS_AT_ONCE,
    Defence,
    DefenceError,
    Doubles,
    Need,
    Network,
    Progress,
    Settings,
    Subject,
)
from training.defences.verdict import ClassIndices
from training.engine.inference import frozen

FEWEST_CLASSES = 4
"""The null distribution has two parameters, and the class with the largest margin does not count."""


class MaximumMargin(Settings):
    """The search for each class's largest margin, as in the authors' code but for the starts."""

    starts: int = Field(default=10, ge=1)
    """Random images that the search starts from, for each class; the authors' 30 take three times as long, and find
    margins a few per cent larger on digits."""
    steps: int = Field(default=300, ge=1)
    """Of gradient ascent, at most."""
    learning_rate: float = Field(default=0.01, gt=0)
    """For images whose pixels lie between 0 and 1."""
    converged: float = Field(default=1e-5, ge=0)
    """A class's search stops when its margins change by less than this fraction in one step."""
    significance: float = Field(default=0.05, gt=0, lt=1)
    """Probability that a clean network is called backdoored, if its margins follow the null distribution: theta."""


class Margin(NamedTuple):
    """How sure a network can be made of one class."""

    largest: float
    """Logit of the class minus the largest of the others, at the image that makes it largest."""
    steps: int
    """Of gradient ascent."""


def margins(  # noqa: PLR0913 - a search and its randomness
    network: Network,
    shape: tuple[int, int, int],
    classes: int,
    how: MaximumMargin,
    *,
    seed: int = 0,
    device: torch.device | None = None,
    progress: Progress = lambda _done, _total: None,
) -> list[Margin]:
    """Each class's largest margin over all images, by gradient ascent from random ones.

    The ascent is plain: the authors' optimiser has a momentum of 0.2, but is made anew at each step. Pixels are cut to
    their range before the network sees them. All classes and starts climb side by side.

    Args:
        network: The network; it is not changed.
        shape: Of an image: height, width, channels.
        classes: How many it knows.
        how: The search's settings.
        seed: Of the first images.
        device: Where the network is.
        progress: Called after each step.
    """
    module, rng, place = frozen(network.module), torch.Generator().manual_seed(seed), device or torch.device("cpu")
    height, width, channels = shape
    images = torch.rand(classes, how.starts, channels, height, width, generator=rng).to(place)
    largest, before = np.full((classes, how.starts), -np.inf), np.zeros(classes)
    running, steps = np.ones(classes, dtype=np.bool_), np.zeros(classes, dtype=np.int64)
    together = max(1, PIXELS_AT_ONCE // (height * width))
    for number in range(how.steps):
        for label in np.flatnonzero(running):
            for start in range(0, how.starts, together):
                part = images[label, start : start + together].requires_grad_(True)
                pixels = (255 * part.clamp(0, 1)).contiguous(memory_format=torch.channels_last)
                logits = module(network.normalise(pixels))
                others = logits.index_fill(1, torch.tensor([label], device=place), -math.inf).amax(1)
                margin = logits[:, label] - others
                (slope,) = torch.autograd.grad(margin.sum(), part)
                images[label, start : start + together] = part.detach() + how.learning_rate * slope
                largest[label, start : start + together] = margin.detach().cpu().numpy()
            steps[label] += 1
        sums = largest.sum(axis=1)
        running &= ~(np.abs(sums - before) < how.converged * np.abs(before))
        before = sums
        progress(number + 1, how.steps)
        if not running.any():
            break
    return [Margin(float(each.max()), int(count)) for each, count in zip(largest, steps, strict=True)]


def p_values(statistics: Doubles) -> Doubles:
    """How likely a clean network's largest margin is at least as large as each class's.

    The null distribution is a gamma distribution, as in the authors' code, fitted to all classes but the one with the
    largest margin; its location is 0, where theirs is fitted to the few classes as well. With `K` classes the largest
    of as many independent margins exceeds `r` with a probability of `1 - H0(r)^K`.

    Args:
        statistics: The margins `(K,)`, greater than 0.
    """
    null = np.delete(statistics, statistics.argmax())
    shape, _, scale = stats.gamma.fit(null, floc=0)
    beyond = stats.gamma.sf(statistics, shape, scale=scale)
    found: Doubles = -np.expm1(len(statistics) * np.log1p(-np.minimum(beyond, 1 - 1e-16)))
    return found


def examine(subject: Subject, how: MaximumMargin) -> ClassIndices:
    """Find each class's largest margin, and test whether the largest of all is too large. No image is looked at.

    The index is `-log10` of the p-value. The paper tests the largest margin alone, the others are shown beside it.
    """
    if len(subject.classes) < FEWEST_CLASSES:
        raise DefenceError(f"compares {FEWEST_CLASSES} classes or more, found {len(subject.classes)}")
    height, width, channels = subject.test.images.shape[1:]
    found = margins(
        subject.require_network(), (height, width, channels), len(subject.classes), how,
        seed=subject.seed, device=subject.device, progress=subject.progress,
    )  # fmt: skip
    for label, each in zip(subject.classes, found, strict=True):
        if not np.isfinite(each.largest):
            raise DefenceError(f"the margin of class '{label}' is not finite")
        if each.largest <= 0:
            raise DefenceError(f"no image was found that the network answers '{label}' to; margins cannot be compared")
    statistics = np.array([each.largest for each in found])
    if np.ptp(np.delete(statistics, statistics.argmax())) == 0:
        raise DefenceError("all margins but the largest are equal; no distribution can be fitted to them")
    indices = np.abs(np.log10(np.maximum(p_values(statistics), np.finfo(np.float64).tiny)))
    return subject.class_indices(
        "-log10 p", [float(each) for each in indices], threshold=-math.log10(how.significance), images=0,
        margin=[each.largest for each in found], steps=[float(each.steps) for each in found],
    )  # fmt: skip


DEFENCE = Defence(
    name="mm-bd",
    title="Maximum margins (MM-BD)",
    paper="Wang, Xiang, Miller, Kesidis: MM-BD: Post-Training Detection of Backdoor Attacks with Arbitrary Backdoor "
    "Pattern Types Using a Maximum Margin Statistic, 2024",
    needs=frozenset({Need.NETWORK}),
    settings=MaximumMargin(),
    examine=examine,
)
