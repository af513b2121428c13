from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.decomposition import PCA

from tests.training.defences.subjects import trained
from training.defences.base import DefenceError, Subject
from training.defences.spectral_signatures import DEFENCE, outlier_scores
from training.defences.verdict import SampleScores


def made(poisoned: int, shift: float = 90.0) -> Subject:
    """Two classes of 200 images with six features; the last ones of class 1 are shifted in two of them."""
    rng = np.random.default_rng(0)
    features = rng.normal(100, 5, (400, 6))
    labels = np.repeat([0, 1], 200)
    is_poisoned = np.arange(400) >= 400 - poisoned
    features[is_poisoned, :2] += shift / np.sqrt(2)
    return trained(features.round().astype(np.uint8), labels, is_poisoned)


def verdict(given: Subject, **settings: float) -> SampleScores:
    found = DEFENCE.with_settings(settings)(given)
    assert isinstance(found, SampleScores)
    return found


def test_planted_poison_is_removed_and_a_clean_class_loses_no_more_than_its_part() -> None:
    found = verdict(made(poisoned=20))
    assert found.auroc is not None
    assert found.auroc.value > 0.99
    assert found.decision is not None
    assert found.decision.detected.value == 1
    # 1.5 * 10 % of both classes, of which 20 are poisoned
    assert found.decision.false_alarms.value == pytest.approx((30 + 30 - 20) / 380)


def test_a_clean_control_loses_what_the_settings_say() -> None:
    found = verdict(made(poisoned=0), epsilon=0.05)
    assert found.auroc is None
    assert found.decision is not None
    assert found.decision.false_alarms.value == pytest.approx(0.075)


def test_scores_are_squared_projections_on_the_first_principal_axis() -> None:
    features = np.random.default_rng(1).normal(7, 1, (50, 4)).astype(np.float32)
    features[:, 2] *= 3
    expected: npt.NDArray[np.float64] = PCA(1).fit_transform(features.astype(np.float64))[:, 0] ** 2
    np.testing.assert_allclose(outlier_scores(features), expected, rtol=1e-6)


def test_a_class_of_nearly_equal_features_is_named() -> None:
    features = np.full((40, 3), 8, dtype=np.uint8)
    features[:20] = np.arange(60).reshape(20, 3)
    features[[20, 21], 0] = 7, 9  # all others lie at the mean
    given = trained(features, np.repeat([0, 1], 20), np.zeros(40, dtype=np.bool_))
    with pytest.raises(DefenceError, match="features of most training images of class 'bright' are equal"):
        DEFENCE(given)
