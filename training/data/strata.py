"""Which samples are set aside: the same fraction of each class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.triggers.labels import Labels

VALIDATION_SEED = 20261126
"""Of which images are set aside. It is fixed, not the recipe's seed, so that networks of all seeds and their clean
controls share these images, and none was trained on what another is judged by."""


def stratified(labels: Labels, classes: int, fraction: float, seed: int) -> npt.NDArray[np.bool_]:
    """Draw the same fraction of each class, rounded to a number of samples.

    Args:
        labels: `(n,) int64`.
        classes: How many there are.
        fraction: 0 to 1.
        seed: What is drawn depends on it alone.

    Returns:
        Which samples, `(n,) bool`.
    """
    rng = np.random.default_rng(seed)
    drawn = np.zeros(len(labels), dtype=np.bool_)
    for label in range(classes):
        of_class = rng.permutation(np.flatnonzero(labels == label))
        drawn[of_class[: round(fraction * len(of_class))]] = True
    return drawn
