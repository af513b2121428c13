from __future__ import annotations

import numpy as np
import pytest

from training.core.portable import Portable


def test_streams_are_reproducible_and_differ() -> None:
    one, again, other, elsewhere = (Portable(*given).uniform(50) for given in ((1, 0), (1, 0), (2, 0), (1, 1)))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one, elsewhere)


def test_the_stream_is_the_one_that_is_specified() -> None:
    # sfc32 with a = 1, b = 0, c = 0x9e3779b9 and a counter of 1, the first 15 numbers left out
    rng = Portable(1, 0)
    assert [rng.word() for _ in range(3)] == [2308299391, 1950625580, 354034397]


def test_numbers_are_spread_evenly() -> None:
    drawn = Portable(3, 0).uniform(20_000)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    counts, _ = np.histogram(drawn, bins=20, range=(0, 1))
    assert np.abs(counts - 1000).max() < 160  # five deviations


@pytest.mark.parametrize("n", [0, 1, 2, 100])
def test_a_permutation_has_every_number_once(n: int) -> None:
    assert sorted(Portable(1, 0).permutation(n).tolist()) == list(range(n))
