"""Outliers by the median absolute deviation: which class's number lies far from the others'."""

from __future__ import annotations

import math

import numpy as np

CONSISTENCY = 1.4826
"""Turns a median absolute deviation into the standard deviation of a normal distribution (Wang et al. 2019, 4.1)."""
SUSPICIOUS = 2.0
"""Anomaly index above which Neural Cleanse calls a class backdoored (Wang et al. 2019, 4.1)."""


def anomaly_indices(sizes: list[float]) -> list[float]:
    """How far below the median each class's trigger size lies, in deviations (Wang et al. 2019, 4.1).

    Args:
        sizes: The size of the trigger that was found for each class.

    Returns:
        One index for each class; above `SUSPICIOUS` the class is suspicious. All 0 when most sizes are equal.
    """
    values = np.asarray(sizes)
    middle = float(np.median(values))
    spread = CONSISTENCY * float(np.median(np.abs(values - middle)))
    if math.isclose(spread, 0):
        return [0.0] * len(sizes)
    return [float((middle - value) / spread) for value in values]
