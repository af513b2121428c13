from __future__ import annotations

import numpy as np
import pytest

from tests.training.defences.networks import CLASSES, NORMALISE, TARGET, Rows, samples
from training.defences.base import Network
from training.defences.trigger_search import MaskWeights, TriggerSearch, search

HOW = TriggerSearch(rounds=150)
PLANTED = Network(Rows(shortcut=40), NORMALISE)


def test_a_planted_trigger_is_found_where_it_is_with_the_pattern_that_it_has() -> None:
    (found,) = search(PLANTED, samples(10).images, [TARGET], HOW)
    assert found.success > 0.9
    assert found.mask.shape == (12, 12)
    assert found.mask[9:11, 9:11].sum() > 0.7 * found.size
    covered = found.mask[9:11, 9:11] > 0.3
    assert covered.any()
    assert (found.pattern[9:11, 9:11, 0][covered] > 200).all()


def test_each_class_is_searched_as_if_it_were_alone() -> None:
    both = search(PLANTED, samples(10).images, [0, TARGET], HOW.model_copy(update={"restarts": 1}))
    assert both[1].size < 8 < both[0].size
    assert both[0].mask[:2, :9].sum() > 0.7 * both[0].size
    assert all(each.success > 0.9 for each in both)


def test_the_seed_alone_decides_what_is_found() -> None:
    images, how = samples(4).images, TriggerSearch(rounds=10)
    first, same, other = (search(PLANTED, images, range(CLASSES), how, seed=seed)[0].mask for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def rounds(weights: MaskWeights, success: float, count: int, size: float = 5.0) -> list[bool]:
    searches = len(weights.weight)
    return [bool(weights.update(np.full(searches, success), np.full(searches, size))[0]) for _ in range(count)]


def test_the_weight_starts_after_success_rises_while_it_lasts_and_falls_faster_when_it_ends() -> None:
    weights = MaskWeights(1, TriggerSearch(patience=3, window=1, weight=0.01, multiplier=4))
    seen = []
    for success in (1.0, 1.0, 0.9):
        rounds(weights, success, 3)
        seen.append(float(weights.weight[0]))
    assert seen == pytest.approx([0.01, 0.04, 0.04 / 4**1.5])


def test_a_search_that_never_succeeds_keeps_a_weight_of_zero_and_does_not_stop() -> None:
    weights = MaskWeights(1, TriggerSearch(patience=2, window=1, stop_after=3))
    rounds(weights, 0.5, 20)
    assert weights.weight[0] == 0
    assert weights.running[0]
    assert weights.smallest(1) == [(0, False)]


def test_a_search_stops_when_its_weight_rose_and_fell_and_no_smaller_trigger_came() -> None:
    weights = MaskWeights(1, TriggerSearch(patience=2, window=1, stop_after=6))
    assert rounds(weights, 1, 10) == [True] + 9 * [False]  # equal sizes are no smaller
    assert weights.running[0]
    rounds(weights, 0, 2)
    assert weights.running[0]
    rounds(weights, 0, 1)
    assert not weights.running[0]


def test_success_is_judged_over_the_last_batches() -> None:
    weights = MaskWeights(1, TriggerSearch(patience=5, window=4, success=0.95))
    assert rounds(weights, 1, 4) == [False, False, False, True]
    assert rounds(weights, 0.75, 1, size=1) == [False]
    assert rounds(weights, 1, 4, size=1) == [False, False, False, True]


def test_of_several_starts_the_smallest_trigger_that_succeeds_counts() -> None:
    weights = MaskWeights(6, TriggerSearch(window=1))
    weights.update(np.array([1, 1, 0, 1, 0.9, 0]), np.array([5.0, 4, 1, 3, 1, 1]))
    assert weights.smallest(2) == [(3, True), (1, True), (2, False)]
