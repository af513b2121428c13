"""How far two sets of outputs that should be the same lie apart, on a scale that means the same for every network."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

TOLERANCE = 1e-4
"""Largest relative difference that rounding alone explains.

Two float32 programs add the same products in another order, which costs a few units of the last place (1.2e-7) a layer
and grows with depth and width: networks of 8 to 150 layers lie 1e-7 to 1e-5 apart, whatever the processor. A layer that
is missing or misread shows as 1e-3 and more.
"""


def relative_difference(found: npt.ArrayLike, expected: npt.ArrayLike) -> float:
    """The largest absolute difference, divided by the largest absolute value expected.

    One scale for the whole array, because rounding errors are as large as the terms of a sum, and not as its result: a
    logit near 0 is as inexact as the largest one beside it. Where all expected values are below float32's normal range
    (1.2e-38), which holds no precision to speak of, that bound is the scale.

    Args:
        found: Any shape.
        expected: The same shape.

    Returns:
        0 for equal arrays; infinity where the shapes differ or a value on either side is not finite.
    """
    one, other = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    if one.shape != other.shape or not (np.isfinite(one).all() and np.isfinite(other).all()):
        return float("inf")
    scale = max(float(np.abs(other).max(initial=0)), float(np.finfo(np.float32).tiny))
    return float(np.abs(one - other).max(initial=0)) / scale
