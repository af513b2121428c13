from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from export.pipeline.marks import Mask, grown, marks_of

EIGHT = np.ones((3, 3), dtype=bool)
SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 12))


def masks() -> st.SearchStrategy[Mask]:
    return arrays(np.bool_, SHAPES)


def weights(mask: Mask) -> np.ndarray:
    return np.random.default_rng(mask.size).integers(0, 256, mask.shape).astype(np.uint8)


def check_against_scipy(mask: Mask) -> None:
    weight = weights(mask)
    labels, marks = marks_of(mask, weight)
    expected, count = ndimage.label(mask, EIGHT)
    np.testing.assert_array_equal(labels, expected)
    assert [mark.label for mark in marks] == list(range(1, count + 1))
    for mark, (rows, columns) in zip(marks, ndimage.find_objects(expected), strict=True):
        own = expected == mark.label
        assert (mark.top, mark.bottom, mark.left, mark.right) == (rows.start, rows.stop, columns.start, columns.stop)
        assert (mark.area, mark.mass) == (own.sum(), weight[own].sum(dtype=np.int64))


@given(mask=masks())
def test_small_masks_have_the_marks_that_scipy_finds(mask: Mask) -> None:
    check_against_scipy(mask)


@pytest.mark.parametrize("density", [0.02, 0.3, 0.45, 0.6, 0.98])
def test_noise_has_the_marks_that_scipy_finds(density: float) -> None:
    check_against_scipy(np.random.default_rng(4).random((200, 300)) < density)


def test_runs_that_meet_far_away_are_one_mark() -> None:
    snake, comb = np.zeros((41, 40), dtype=bool), np.zeros((41, 40), dtype=bool)
    snake[::2] = snake[1::4, -1] = snake[3::4, 0] = True
    comb[:, ::2] = comb[-1] = True
    for mask in (snake, snake.T, comb, comb[::-1]):
        assert len(marks_of(mask, weights(mask))[1]) == 1
        check_against_scipy(mask)


@given(mask=masks(), by=st.integers(0, 5))
def test_growing_is_scipy_s_dilation(mask: Mask, by: int) -> None:
    size = (2 * by + 1, 2 * by + 1)
    np.testing.assert_array_equal(grown(mask, by), ndimage.maximum_filter(mask, size, mode="constant"))
    grey = weights(mask)
    np.testing.assert_array_equal(grown(grey, by), ndimage.maximum_filter(grey, size, mode="constant"))
