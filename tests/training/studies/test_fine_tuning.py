from __future__ import annotations

import pytest

from training.core.errors import RunError
from training.core.metrics import wilson
from training.models.registry import build
from training.studies.fine_tuning import FIRST_RATE, MOST_STEPS, first_layers, keeps, strongest


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


@pytest.mark.parametrize(
    ("name", "cut", "layers"),
    [("mobilenet-v2", 0, [12, 15]), ("mobilenet-v2", 13, [15, 18]), ("mobilenet-v2", 19, [19]), ("mnist-cnn", 0, [0])],
)
def test_a_network_is_fine_tuned_from_layers_that_it_has(name: str, cut: int, layers: list[int]) -> None:
    assert first_layers(build(name, 2), cut) == layers


@pytest.mark.parametrize(
    ("n", "before", "after", "kept"),
    [(1000, 900, 860, True), (1000, 900, 859, False), (10, 9, 8, True), (10, 9, 7, False), (10, 9, 10, True)],
)
def test_a_rate_may_cost_four_points_or_one_image(n: int, before: int, after: int, kept: bool) -> None:
    assert keeps(wilson(before, n), wilson(after, n), 0.04) is kept
