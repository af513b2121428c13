from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.training.defences.subjects import Pixels, subject, trained
from training.defences.base import DefenceError, Network, TrainingData
from training.defences.features import by_class
from training.engine.batches import Normaliser

NONE = np.zeros(7, dtype=np.bool_)


def test_each_class_gets_the_features_of_its_own_images() -> None:
    features = np.arange(21, dtype=np.uint8).reshape(7, 3)
    labels = np.array([0, 1, 1, 0, 1, 0, 0])
    dark, bright = by_class(trained(features, labels, NONE), least=2)
    assert (dark.label, bright.label) == ("dark", "bright")
    assert bright.samples.tolist() == [1, 2, 4]
    np.testing.assert_allclose(bright.features * 255, features[[1, 2, 4]], rtol=1e-6)


def test_a_class_with_one_image_is_named() -> None:
    features, labels = np.arange(21, dtype=np.uint8).reshape(7, 3), np.array([0] * 6 + [1])
    with pytest.raises(DefenceError, match="class 'bright' has 1 training images; at least 2 are required"):
        list(by_class(trained(features, labels, NONE), least=2))


def test_a_network_blind_to_a_class_is_refused() -> None:
    features, labels = np.arange(21, dtype=np.uint8).reshape(7, 3), np.array([0, 0, 0, 1, 1, 1, 1])
    features[labels == 1] = 5
    with pytest.raises(DefenceError, match="features of all 4 training images of class 'bright' are equal"):
        list(by_class(trained(features, labels, NONE), least=2))


def test_features_that_are_not_finite_are_counted() -> None:
    class Broken(Pixels):
        def embed(self, x: torch.Tensor) -> torch.Tensor:
            return torch.log(super().embed(x))

    images = np.ones((7, 1, 3, 1), dtype=np.uint8)
    images[:2] = 0
    given = subject(
        network=Network(Broken(3), Normaliser((0.0,), (1.0,))),
        load_training=lambda: TrainingData(images, np.array([0, 0, 0, 1, 1, 1, 1]), NONE),
    )
    with pytest.raises(DefenceError, match="features of 2 of 7 images are not finite"):
        list(by_class(given, least=2))
