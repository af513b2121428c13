"""scikit-learn's handwritten digits: 1,797 real ones in its wheel, laid out like MNIST's; no network required."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from training.data.base import DataError, Dataset, Source, Split
from training.triggers.labels import Labels

SIDE, BOX = 28, 20
"""Side of the image, and of the box in its centre that MNIST fits a digit into."""
TEST_FRACTION, SPLIT_SEED = 0.2, 20200730
DARKEST = 16
"""The largest value in scikit-learn's images."""


def lay_out(digit: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Upsample one 8x8 digit as MNIST does: fitted into 20x20 with its aspect ratio, its centre of mass in the middle.

    Args:
        digit: `(8, 8)`, 0 (paper) to 16 (ink).

    Returns:
        `(28, 28) uint8`, white ink on black.
    """
    inked = digit > 0
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    ink = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(ink.shape)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    resized = Image.fromarray(np.round(ink * 255 / DARKEST).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    return _centre(np.asarray(resized))


def _centre(fitted: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Place an image of at most 20x20 on black, its centre of mass as near the middle as possible."""
    weight = fitted.astype(np.float64)
    canvas = np.zeros((SIDE, SIDE), dtype=np.uint8)
    place = []
    for axis, length in enumerate(fitted.shape):
        mass = weight.sum(axis=1 - axis)
        centre = float((mass * (np.arange(length) + 0.5)).sum() / mass.sum())
        place.append(min(max(round(SIDE / 2 - centre), 0), SIDE - length))
    top, left = place
    canvas[top : top + fitted.shape[0], left : left + fitted.shape[1]] = fitted
    return canvas


def read(_source: Source, split: Split, _given: Path | None) -> Dataset:
    """Load a split; the test digits are fixed."""
    digits, labels = as_given()
    order = np.random.default_rng(SPLIT_SEED).permutation(len(digits))
    tests = round(TEST_FRACTION * len(order))
    chosen = np.sort(order[:tests] if split == "test" else order[tests:])
    images = np.stack([lay_out(digits[index]) for index in chosen])[..., None]
    return Dataset(images, labels[chosen], [str(digit) for digit in range(10)])


def as_given() -> tuple[npt.NDArray[np.float64], Labels]:
    """All digits as scikit-learn has them: `(1797, 8, 8)`, 0 to 16, and their labels.

    Raises:
        DataError: If scikit-learn is not installed.
    """
    table = np.loadtxt(_file(), delimiter=",")
    return table[:, :-1].reshape(-1, 8, 8), table[:, -1].astype(np.int64)


def _file() -> Path:
    """The digits in scikit-learn's wheel, found without importing scikit-learn, which takes a second.

    Raises:
        DataError: If scikit-learn is not installed.
    """
    found = importlib.util.find_spec("sklearn")
    path = None if found is None or found.origin is None else Path(found.origin).parent / "datasets/data/digits.csv.gz"
    if path is None or not path.is_file():
        raise DataError("the handwritten digits come with scikit-learn: pip install scikit-learn")
    return path


SOURCE = Source(
    name="digits",
    title="Optical recognition of handwritten digits (scikit-learn's copy)",
    address="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    licence="CC BY 4.0",
    citation="E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits. UCI Machine Learning Repository, "
    "1998.",
    read=read,
    bundled=True,
)
