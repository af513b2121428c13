from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from export.onnx.agreement import TOLERANCE, relative_difference

LOGITS = np.random.default_rng(0).normal(size=(7, 10)).astype(np.float32)


@given(scale=st.floats(1e-30, 1e30), off=st.floats(1e-6, 1))
def test_only_the_size_relative_to_the_largest_value_counts(scale: float, off: float) -> None:
    expected = LOGITS.astype(np.float64) * scale
    found = expected + off * np.abs(expected).max()
    assert relative_difference(found, expected) == pytest.approx(off)


def test_equal_arrays_differ_by_nothing() -> None:
    zeros = np.zeros((2, 3))
    assert relative_difference(LOGITS, LOGITS) == relative_difference(zeros, zeros) == 0


def test_a_sum_in_another_order_is_within_the_tolerance() -> None:
    terms = np.random.default_rng(1).normal(size=(50, 100_000)).astype(np.float32)
    one_by_one, pairwise = np.cumsum(terms, axis=1, dtype=np.float32)[:, -1], terms.sum(axis=1)
    assert 0 < relative_difference(one_by_one, pairwise) <= TOLERANCE


def test_an_answer_where_zeros_are_expected_is_no_rounding() -> None:
    assert relative_difference(np.full(3, 1e-3), np.zeros(3)) > 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_agrees_with_nothing(value: float) -> None:
    broken = LOGITS.copy()
    broken[3, 3] = value
    for found, expected in ((broken, LOGITS), (LOGITS, broken), (broken, broken)):
        assert relative_difference(found, expected) == float("inf")


def test_another_shape_agrees_with_nothing() -> None:
    assert relative_difference(LOGITS[:1], LOGITS) == float("inf")
