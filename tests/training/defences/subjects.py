"""Subjects and a defence that cost nothing: networks that answer by brightness, and one that scores its answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from training.defences.base import Defence, Network, Samples, Settings, Subject, TrainingData
from training.defences.scoring import score
from training.defences.verdict import SampleScores
from training.engine.batches import Normaliser
from training.models.base import Classifier
from training.triggers.base import Images
from training.triggers.labels import AllToOne
from training.triggers.pixels import Patch

TRIGGER = Patch(top=0, left=0, height=2, width=2)


def brightness(images: Images) -> npt.NDArray[np.float32]:
    """Class 1 for a bright corner, else class 0."""
    bright = images[:, :2, :2].mean(axis=(1, 2, 3)) / 255
    return np.stack([1 - bright, bright], axis=1).astype(np.float32)


def samples(n: int, seed: int = 0) -> Samples:
    """Dark images; half of them are called class 1."""
    images = np.random.default_rng(seed).integers(0, 100, (n, 6, 6, 1)).astype(np.uint8)
    return Samples(images, np.arange(n) % 2)


def subject(**more: Any) -> Subject:  # noqa: ANN401 - fields of any kind
    """A backdoored network of two classes."""
    given: dict[str, Any] = {
        "name": "made", "sha256": "0" * 64, "classes": ["dark", "bright"], "backdoored": True, "predict": brightness,
        "data": "made test", "load_test": lambda: samples(80), "load_clean": lambda: samples(20, 1),
        "trigger": TRIGGER, "label_map": AllToOne(target=1),
    }  # fmt: skip
    return Subject(**(given | more))


class ConfidenceSettings(Settings):
    """None of a paper."""

    scale: float = 1.0


def confidence(given: Subject, how: ConfidenceSettings) -> SampleScores:
    """How sure the network is of the last class; its threshold is what no clean held-out image exceeds."""
    clean, triggered = given.test.images, given.triggered.images
    scores = how.scale * given.logits(np.concatenate([clean, triggered]))[:, -1]
    truth = np.arange(len(scores)) >= len(clean)
    own = how.scale * float(given.logits(given.clean.images)[:, -1].max())
    return score(scores, truth, samples="inputs", threshold=own, seed=given.seed)


CONFIDENCE = Defence(
    name="confidence", title="Confidence", paper="none", needs=frozenset(), settings=ConfidenceSettings(),
    examine=confidence,
)  # fmt: skip


class Pixels(Classifier):
    """A network whose features are the first pixels of an image, and which answers by the first two of them."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features
        self.head = nn.Linear(features, 2)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """The first pixels, 0 to 1."""
        return x.flatten(1)[:, : self.features]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """To logits."""
        logits: torch.Tensor = self.head(self.embed(x))
        return logits


def trained(
    features: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64], is_poisoned: npt.NDArray[np.bool_], seed: int = 0
) -> Subject:
    """A subject whose network has these features `(n, d) uint8` of its training images, up to a factor."""
    network = Network(Pixels(features.shape[1]).eval(), Normaliser((0.0,), (1.0,)))
    return subject(
        network=network, seed=seed,
        load_training=lambda: TrainingData(features[:, None, :, None], labels, is_poisoned),
    )  # fmt: skip
