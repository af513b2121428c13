"""Three defences beside the Adversarial Robustness Toolbox, from vectors that `art/oracle.py` made.

ART departs from two of the papers. For those, our values agree with ART's answer after its departure is taken back, and
ART's own answer follows from our intermediate values when the departure is applied to them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import softmax
from scipy.stats import entropy

from tests.training.defences.subjects import subject, trained
from training.defences import activation_clustering, spectral_signatures, strip
from training.defences.verdict import AnyVerdict, SampleScores
from training.triggers.base import Images

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "art" / "vectors.json").read_bytes())
STRIP, SPECTRAL, CLUSTERING = (VECTORS[name] for name in ("strip", "spectral-signatures", "activation-clustering"))
HALVES = strip.Strip(input_weight=0.5, overlay_weight=0.5)
"""ART averages the two images."""


def linear(images: Images) -> npt.NDArray[np.float32]:
    """The oracle's network."""
    return (images.reshape(len(images), -1) / 255 @ np.array(STRIP["weights"])).astype(np.float32)


def of_strip() -> tuple[Images, npt.NDArray[np.int64]]:
    return np.array(STRIP["images"], dtype=np.uint8), np.array(STRIP["drawn"])


def test_strip_agrees_with_art_once_its_entropy_is_taken_over_classes() -> None:
    images, drawn = of_strip()
    found = strip.normalised_entropies(subject(predict=linear), images, images, drawn, HALVES)
    np.testing.assert_allclose(found, STRIP["over_classes"]["entropies"], rtol=1e-4)
    threshold = strip.detection_boundary(found, STRIP["false_rejections"])
    assert threshold == pytest.approx(STRIP["over_classes"]["threshold"], rel=1e-4)


def test_art_s_strip_takes_the_entropy_of_a_class_over_the_blended_images() -> None:
    images, drawn = of_strip()
    logits = linear(strip.blend(images, images[drawn], 0.5, 0.5)).reshape(*drawn.shape, -1)
    departed = np.array([entropy(each, base=2, axis=0).sum() / len(each) for each in softmax(logits, axis=-1)])
    np.testing.assert_allclose(departed, STRIP["art"]["entropies"], rtol=1e-4)
    threshold = strip.detection_boundary(departed, STRIP["false_rejections"])
    assert threshold == pytest.approx(STRIP["art"]["threshold"], rel=1e-4)


def of_class(label: int, values: list[Any]) -> npt.NDArray[np.float64]:
    return np.array(values, dtype=np.float64)[np.array(SPECTRAL["labels"]) == label]


@pytest.mark.parametrize("label", [0, 1])
def test_spectral_signatures_agree_with_art_on_centred_features(label: int) -> None:
    ours = spectral_signatures.outlier_scores(of_class(label, SPECTRAL["features"]).astype(np.float32))
    np.testing.assert_allclose(ours, of_class(label, SPECTRAL["centred"]["scores"]) ** 2, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("label", [0, 1])
def test_art_s_spectral_signatures_project_features_that_are_not_centred(label: int) -> None:
    features = of_class(label, SPECTRAL["features"])
    _, direction = spectral_signatures.signature(features.astype(np.float32))
    np.testing.assert_allclose(np.abs(features @ direction), of_class(label, SPECTRAL["art"]["scores"]), rtol=1e-6)


def removes_exactly(verdict: AnyVerdict, threshold: float) -> bool:
    """Whether the samples that are suspicious are those that the subject calls poisoned, which ART removed."""
    assert isinstance(verdict, SampleScores)
    assert verdict.decision is not None
    assert verdict.decision.threshold == threshold
    return (verdict.decision.detected.value, verdict.decision.false_alarms.value) == (1, 0)


def test_spectral_signatures_remove_what_art_removes_from_centred_features() -> None:
    features, labels = np.array(SPECTRAL["features"], dtype=np.uint8), np.array(SPECTRAL["labels"])
    removed = np.isin(np.arange(len(labels)), SPECTRAL["centred"]["removed"])
    verdict = spectral_signatures.DEFENCE.with_settings({"epsilon": SPECTRAL["epsilon"]})(
        trained(features, labels, removed)
    )
    assert removes_exactly(verdict, 1.0)
    assert SPECTRAL["art"]["removed"] != SPECTRAL["centred"]["removed"]


def test_activation_clustering_agrees_with_art() -> None:
    features, labels = np.array(CLUSTERING["features"], dtype=np.uint8), np.array(CLUSTERING["labels"])
    for label, (silhouette, suspicious) in enumerate(
        zip(CLUSTERING["silhouettes"], CLUSTERING["suspicious"], strict=True)
    ):
        reduced = activation_clustering.reduce(
            features[labels == label].astype(np.float32), CLUSTERING["components"], 0
        )
        found = activation_clustering.cluster(reduced, seed=0)
        how = activation_clustering.ActivationClustering()
        assert found.silhouette == pytest.approx(silhouette, abs=5e-5)  # ART rounds to four decimals
        assert (found.size < how.size and found.silhouette > how.silhouette) is suspicious
    removed = np.isin(np.arange(len(labels)), CLUSTERING["removed_by_size"])
    verdict = activation_clustering.DEFENCE.with_settings({"components": CLUSTERING["components"]})(
        trained(features, labels, removed)
    )
    assert removes_exactly(verdict, 0.0)
