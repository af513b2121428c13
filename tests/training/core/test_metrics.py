from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from training.core.metrics import wilson


@given(n=st.integers(1, 20000), fraction=st.floats(0, 1))
def test_intervals_are_wilsons(n: int, fraction: float) -> None:
    hits = round(fraction * n)
    expected = binomtest(hits, n).proportion_ci(method="wilson")
    found = wilson(hits, n)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_proportion_of_nothing_says_nothing() -> None:
    found = wilson(0, 0)
    assert (found.n, found.low, found.high) == (0, 0, 1)


def test_more_hits_than_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="6 of 5"):
        wilson(6, 5)
