from __future__ import annotations

import pytest

from training.core.errors import RunError
from training.studies.fine_tuning import FIRST_RATE, MOST_STEPS, strongest


@pytest.mark.parametrize(
    ("highest", "chosen", "asked"),
    [(FIRST_RATE, 1, 2), (FIRST_RATE * 5, 4, 4), (FIRST_RATE / 3, 1 / 4, 3), (1e9, 2**MOST_STEPS, MOST_STEPS + 1)],
)
def test_the_strongest_rate_is_found_by_doubling_or_halving(highest: float, chosen: float, asked: int) -> None:
    seen: list[float] = []

    def accepts(rate: float) -> bool:
        seen.append(rate)
        return rate <= highest

    assert strongest(accepts) == FIRST_RATE * chosen
    assert len(seen) == asked


def test_a_student_that_no_rate_leaves_accurate_is_said_to_be_one() -> None:
    with pytest.raises(RunError, match="still loses too much accuracy on the validation images"):
        strongest(lambda _rate: False)
