from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.defences.scoring import score


def made(clean: int, poisoned: int, apart: float, decimals: int = 9) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    scores = np.concatenate([rng.normal(0, 1, clean), rng.normal(apart, 1, poisoned)]).round(decimals)
    return scores, np.arange(clean + poisoned) >= clean


@pytest.mark.parametrize("decimals", [9, 0])
def test_the_auroc_is_the_probability_that_a_poisoned_sample_scores_higher_ties_counted_half(decimals: int) -> None:
    scores, truth = made(300, 200, 1.0, decimals)
    found = score(scores, truth, samples="inputs")
    assert found.auroc is not None
    assert found.auroc.value == pytest.approx(roc_auc_score(truth, scores))
    assert found.auroc.low < found.auroc.value < found.auroc.high
    assert found.auroc.n == 500


def test_detection_allows_no_more_false_alarms_than_it_says() -> None:
    scores = np.concatenate([np.arange(100), [98.5, 94.5, 50, 99.5]])
    found = score(scores, np.arange(104) >= 100, samples="inputs")
    assert found.detected_at_1 is not None
    assert found.detected_at_5 is not None
    assert found.detected_at_1.value == 0.5  # 99.5 and 98.5, which one clean sample in a hundred exceeds
    assert found.detected_at_5.value == 0.75
    assert found.detected_at_1.n == 4


def test_the_intervals_narrow_with_more_samples_and_hold_the_truth() -> None:
    few, many = (score(*made(n, n, 1.0), samples="inputs").auroc for n in (50, 2000))
    assert few is not None
    assert many is not None
    assert many.high - many.low < (few.high - few.low) / 3
    assert many.low < 0.7602 < many.high  # of two normal distributions one deviation apart


def test_perfect_detection_still_has_an_interval() -> None:
    found = score(np.array([0.0] * 30 + [1.0] * 20), np.arange(50) >= 30, samples="inputs")
    for estimate in (found.auroc, found.detected_at_1, found.detected_at_5):
        assert estimate is not None
        assert estimate.value == 1
        assert 0.8 < estimate.low < 0.9


def test_the_roc_runs_from_nothing_to_everything() -> None:
    found = score(*made(900, 900, 0.5), samples="inputs")
    assert (found.roc[0], found.roc[-1]) == ((0, 0), (1, 1))
    assert len(found.roc) <= 200
    assert found.roc == sorted(found.roc)


def test_a_threshold_of_its_own_is_judged_on_both_groups() -> None:
    found = score(np.array([0.0, 1, 2, 3, 2, 3]), np.arange(6) >= 4, samples="inputs", threshold=1.5)
    assert found.decision is not None
    assert (found.decision.false_alarms.value, found.decision.detected.value) == (0.5, 1)


def test_without_poisoned_samples_only_false_alarms_are_known() -> None:
    found = score(np.arange(10.0), np.zeros(10, dtype=np.bool_), samples="training-images", threshold=8)
    assert (found.auroc, found.detected_at_1, found.roc, found.poisoned) == (None, None, [], 0)
    assert [name for name, _ in found.findings] == ["false alarms at its own threshold"]


def test_scores_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="1 of 2 scores are not finite"):
        score(np.array([0.0, np.nan]), np.array([False, True]), samples="inputs")
