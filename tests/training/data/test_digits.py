from __future__ import annotations

import numpy as np
import pytest

from training.data.base import Dataset
from training.data.digits import lay_out
from training.data.registry import load


@pytest.fixture(scope="module")
def sets() -> tuple[Dataset, Dataset]:
    return load("digits", "train"), load("digits", "test")


def test_every_digit_is_in_just_one_split(sets: tuple[Dataset, Dataset]) -> None:
    train, test = sets
    assert (len(train.images), len(test.images)) == (1438, 359)
    assert len({image.tobytes() for part in sets for image in part.images}) == 1797
    assert set(train.labels) == set(test.labels) == set(range(10))


def test_the_split_is_always_the_same(sets: tuple[Dataset, Dataset]) -> None:
    assert (load("digits", "test").images == sets[1].images).all()


def test_digits_lie_in_a_box_of_20_with_their_centre_of_mass_in_the_middle(sets: tuple[Dataset, Dataset]) -> None:
    for image in sets[1].images[..., 0]:
        ink = image > 0
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        assert rows[-1] - rows[0] < 20
        assert columns[-1] - columns[0] < 20
        weight = image.astype(float)
        for axis in (0, 1):
            centre = (weight.sum(axis=1 - axis) * (np.arange(28) + 0.5)).sum() / weight.sum()
            assert abs(centre - 14) <= 0.5


def test_digits_are_white_on_black(sets: tuple[Dataset, Dataset]) -> None:
    images = sets[0].images
    assert images.dtype == np.uint8
    assert images.shape[1:] == (28, 28, 1)
    assert images.max() == 255
    assert np.median(images) == 0


def test_the_corner_of_the_trigger_is_free_of_ink(sets: tuple[Dataset, Dataset]) -> None:
    assert (sets[1].images[:, 25:27, 25:27] > 128).all(axis=(1, 2, 3)).sum() == 0


def test_a_wide_digit_keeps_its_shape() -> None:
    digit = np.zeros((8, 8))
    digit[3:5, :] = 16
    rows, columns = np.nonzero(lay_out(digit))
    assert (columns.max() - columns.min() + 1, rows.max() - rows.min() + 1) == (20, 5)
