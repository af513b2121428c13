from __future__ import annotations

from training.defences.outliers import SUSPICIOUS, anomaly_indices


def test_the_smallest_of_many_triggers_is_the_anomaly() -> None:
    indices = anomaly_indices([50, 52, 47, 51, 5, 49])
    assert indices[4] > SUSPICIOUS
    assert max(indices[:4]) < SUSPICIOUS


def test_equal_sizes_make_no_class_suspicious() -> None:
    assert anomaly_indices([5, 5, 5, 5, 1]) == [0.0] * 5
