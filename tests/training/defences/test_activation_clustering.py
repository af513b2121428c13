from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from tests.training.defences.subjects import trained
from training.defences.activation_clustering import DEFENCE, cluster, reduce
from training.defences.base import DefenceError, Subject
from training.defences.verdict import SampleScores


def made(poisoned: int, of_class: int = 200, seed: int = 0) -> Subject:
    """Two classes of 200 images with twelve features; the last ones of class 1 lie far from the others."""
    rng = np.random.default_rng(0)
    features = rng.normal(100, 5, (2 * of_class, 12))
    is_poisoned = np.arange(2 * of_class) >= 2 * of_class - poisoned
    features[is_poisoned, :6] += 90
    return trained(features.round().astype(np.uint8), np.repeat([0, 1], of_class), is_poisoned, seed)


def verdict(given: Subject, **settings: float) -> SampleScores:
    found = DEFENCE.with_settings(settings)(given)
    assert isinstance(found, SampleScores)
    return found


@pytest.mark.parametrize("poisoned", [10, 40])
def test_planted_poison_is_removed_and_nothing_else(poisoned: int) -> None:
    found = verdict(made(poisoned), components=2)
    assert found.decision is not None
    assert found.decision.detected.value == 1
    assert found.decision.false_alarms.value == 0
    assert found.auroc is not None
    assert found.auroc.value == 1


def test_the_verdict_says_what_was_seen_among_the_images_of_each_label() -> None:
    found = verdict(made(40), components=2)
    assert [(each.label, each.suspicious) for each in found.labels] == [("dark", False), ("bright", True)]
    bright = found.labels[1].numbers
    assert bright["smaller cluster"] == pytest.approx(40 / 200)
    assert bright["silhouette"] > 0.5
    assert (
        "suspicious labels",
        f"bright (smaller cluster 0.20, silhouette {bright['silhouette']:.2f})",
    ) in found.findings
    assert ("suspicious labels", "none") in verdict(made(0)).findings


def test_a_clean_control_loses_nothing() -> None:
    found = verdict(made(0))
    assert found.decision is not None
    assert found.decision.false_alarms.value == 0


@pytest.mark.parametrize("settings", [{"size": 0.1}, {"silhouette": 0.99}])
def test_a_cluster_that_is_not_small_or_not_separate_is_left_alone(settings: dict[str, float]) -> None:
    found = verdict(made(40), components=2, **settings)
    assert found.decision is not None
    assert found.decision.detected.value == 0
    assert found.auroc is not None
    assert found.auroc.value > 0.7  # the ranking still tells


def test_positions_size_and_silhouette_are_those_of_the_two_clusters() -> None:
    reduced = np.array([[0.0], [1], [2], [10], [12]])
    found = cluster(reduced, seed=0)
    assert found.size == 0.4
    assert found.silhouette == pytest.approx(silhouette_samples(reduced, [0, 0, 0, 1, 1]).mean())
    # centres at 1 and 11: 0 lies 1 from the larger cluster's and 11 from the smaller one's
    assert found.position == pytest.approx([-10 / 12, -1, -8 / 10, 8 / 10, 10 / 12])


def test_no_more_components_are_sought_than_features_have_dimensions() -> None:
    rng = np.random.default_rng(2)
    flat = np.column_stack([rng.normal(size=(30, 3)), np.zeros((30, 9))]).astype(np.float32)
    assert reduce(flat, 10, seed=0).shape == (30, 3)
    assert reduce(rng.normal(size=(4, 12)).astype(np.float32), 10, seed=0).shape == (4, 3)


def test_a_first_neuron_that_is_always_silent_changes_nothing() -> None:
    features = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
    silent = np.concatenate([np.zeros((30, 1), dtype=np.float32), features], axis=1)
    assert reduce(silent, 3, seed=0) == pytest.approx(reduce(features, 3, seed=0))


def test_the_seed_decides_the_result() -> None:
    assert verdict(made(40, seed=3)) == verdict(made(40, seed=3))


def test_a_class_that_is_too_small_to_cluster_is_named() -> None:
    with pytest.raises(DefenceError, match="class 'dark' has 2 training images; at least 3 are required"):
        verdict(made(0, of_class=2))
