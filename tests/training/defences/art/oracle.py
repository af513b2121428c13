"""The Adversarial Robustness Toolbox as the oracle of three defences: `python oracle.py VECTORS` writes vectors.json.

Runs in the environment of `make art-oracle`, where this project's packages are absent. Inputs are drawn at random; no
real data are involved. Where ART departs from the papers, the vectors hold its answer as it is, and its answer with
that one departure taken back.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, ClassVar

import art
import numpy as np
from art.defences.detector.poison import ActivationDefence, SpectralSignatureDefense
from art.estimators.poison_mitigation.strip import strip as art_strip
from scipy.special import softmax

CLASSES = 3


def strip_vectors() -> dict[str, Any]:
    """STRIP on a linear network; even pixels, so that half of a sum is whole."""
    rng = np.random.default_rng(0)
    images = 2 * rng.integers(0, 128, (16, 4, 4, 1))
    weights = rng.integers(-9, 10, (16, CLASSES))
    overlays, false_rejections, seed = 6, 0.05, 1
    made: dict[str, Any] = {
        "images": images.tolist(), "weights": weights.tolist(), "false_rejections": false_rejections,
    }  # fmt: skip

    def predict(given: np.ndarray) -> np.ndarray:
        return softmax(given.reshape(len(given), -1) / 255 @ weights, axis=1)

    np.random.seed(seed)  # noqa: NPY002 - ART draws overlays from NumPy's global state
    made["drawn"] = [np.random.choice(np.arange(len(images)), overlays).tolist() for _ in images]  # noqa: NPY002
    original = art_strip.entropy
    for name, over in (("art", 0), ("over_classes", 1)):
        found: list[float] = []

        def entropy(
            values: np.ndarray,
            over: int = over,
            found: list[float] = found,
            **given: Any,  # noqa: ANN401
        ) -> np.ndarray:
            """Keep what ART computes, along its axis or along the classes."""
            entropies = original(values, **(given | {"axis": over}))
            found.append(float(entropies.sum() / overlays))
            return entropies

        art_strip.entropy = entropy
        mixin = art_strip.STRIPMixin(predict, num_samples=overlays, false_acceptance_rate=false_rejections)
        np.random.seed(seed)  # noqa: NPY002
        mixin.mitigate(images.astype(np.float64))
        made[name] = {"entropies": found, "threshold": float(mixin.entropy_threshold)}
    art_strip.entropy = original
    return made


class Features:
    """A classifier, as far as ART asks for it: it has the features that it is given."""

    layer_names: ClassVar[list[str]] = ["features"]
    nb_classes = 2

    def get_activations(self, x: np.ndarray, **_more: object) -> np.ndarray:
        """The features themselves."""
        return x


def spectral_vectors() -> dict[str, Any]:
    """Spectral signatures of two classes, some of one far from the others; removal of 1.5 times a tenth of each."""
    rng = np.random.default_rng(1)
    features = rng.normal(100, 8, (80, 5))
    features[:6, 1] += 60
    features, labels = features.round(), np.repeat([0, 1], 40)
    centred = features.copy()
    for label in (0, 1):
        centred[labels == label] -= centred[labels == label].mean(axis=0)
    made: dict[str, Any] = {"features": features.tolist(), "labels": labels.tolist(), "epsilon": 0.1}
    for name, given in (("art", features), ("centred", centred)):
        defence = SpectralSignatureDefense(Features(), given, labels, expected_pp_poison=0.1, eps_multiplier=1.5)
        _, is_clean = defence.detect_poison()
        scores = np.zeros(len(labels))
        for label in (0, 1):
            scores[labels == label] = defence.spectral_signature_scores(given[labels == label])[:, 0]
        made[name] = {"scores": scores.tolist(), "removed": np.flatnonzero(np.array(is_clean) == 0).tolist()}
    return made


def clustering_vectors() -> dict[str, Any]:
    """Activation clustering of two classes, one with a quarter far away, the other with half.

    Which images the second analysis removes is left out: ART 1.20.1 reads memory that it never wrote for the larger
    cluster of a class that it calls poisoned.
    """
    rng = np.random.default_rng(2)
    features = rng.normal(100, 8, (160, 6))
    features[:20, :4] += 80
    features[80:120, :4] += 80
    features, labels = features.round(), np.repeat([0, 1], 80)
    made: dict[str, Any] = {"features": features.tolist(), "labels": labels.tolist(), "components": 2}
    for analysis in ("relative-size", "silhouette-scores"):
        np.random.seed(0)  # noqa: NPY002 - ART's k-means and its components start from NumPy's global state
        defence = ActivationDefence(Features(), features, labels)
        report, is_clean = defence.detect_poison(nb_dims=2, reduce="FastICA", cluster_analysis=analysis)
        if analysis == "relative-size":
            made["removed_by_size"] = np.flatnonzero(np.array(is_clean) == 0).tolist()
            continue
        of_class = [report[f"class_{label}"] for label in (0, 1)]
        made["silhouettes"] = [float(each["avg_silhouette_score"]) for each in of_class]
        made["suspicious"] = [each["suspicious"] for each in of_class]
    return made


if __name__ == "__main__":
    vectors = {
        "art": art.__version__,
        "strip": strip_vectors(),
        "spectral-signatures": spectral_vectors(),
        "activation-clustering": clustering_vectors(),
    }
    Path(sys.argv[1]).write_text(json.dumps(vectors) + "\n", encoding="utf-8")
