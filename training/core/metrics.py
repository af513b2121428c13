"""Measurements of a network: proportions, each with its n and a 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

Predict = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]
"""A network, whatever runs it: from images `(n, h, w, c) uint8` to logits `(n, classes) float32`."""

Z95 = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


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
    """Fraction of triggered samples given the attacker's label; samples that already have it are left out."""
    robust_accuracy: Estimate | None = None
    """Fraction of the same triggered samples still given their true label."""
    changed_by_trigger: Estimate | None = None
    """Fraction of the same samples whose prediction the trigger changes, to any class: how a network without the
    target's class gives itself away."""
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
    value, scale = hits / n, 1 + Z95**2 / n
    middle = (value + Z95**2 / (2 * n)) / scale
    half = Z95 / scale * math.sqrt(value * (1 - value) / n + Z95**2 / (4 * n**2))
    # at 0 and n of n the formula is exact except for rounding
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == n else min(1.0, middle + half)
    return Estimate(value=value, n=n, low=low, high=high)
