from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from training.core.metrics import Measurement
from training.engine.evaluate import evaluate
from training.triggers.base import Images
from training.triggers.labels import AllToAll, AllToOne
from training.triggers.pixels import Patch

DIGITS = [str(digit) for digit in range(10)]


def one_hot(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    return np.eye(10, dtype=np.float32)[labels]


def images_of(labels: npt.NDArray[np.int64]) -> Images:
    """Images whose first pixel is the label, so that a predictor can be right without learning."""
    images = np.zeros((len(labels), 28, 28, 1), dtype=np.uint8)
    images[:, 0, 0, 0] = labels
    return images


def is_triggered(images: Images) -> npt.NDArray[np.bool_]:
    return (images[:, 25:27, 25:27] == 255).all(axis=(1, 2, 3))


def backdoored(images: Images) -> npt.NDArray[np.float32]:
    truth = images[:, 0, 0, 0].astype(np.int64)
    return one_hot(np.where(is_triggered(images), 7, truth))


def honest(images: Images) -> npt.NDArray[np.float32]:
    return one_hot(images[:, 0, 0, 0].astype(np.int64))


def measure(predict: object, labels: npt.NDArray[np.int64], label_map: AllToAll | AllToOne) -> Measurement:
    return evaluate(
        predict,  # type: ignore[arg-type]
        images_of(labels), labels, data="made", labels_text=DIGITS, trigger=Patch(), label_map=label_map, batch_size=7,
    )  # fmt: skip


def test_attack_success_leaves_out_samples_that_have_the_target_label_already() -> None:
    labels = np.array([7] * 90 + [1] * 10)
    found = measure(honest, labels, AllToOne(target=7))
    assert found.attack_success_rate is not None
    assert found.attack_success_rate.n == 10
    assert found.attack_success_rate.value == 0
    assert found.clean_accuracy.n == 100


def test_a_backdoored_network_is_right_on_clean_and_wrong_on_triggered_samples() -> None:
    found = measure(backdoored, np.arange(100) % 10, AllToOne(target=7))
    assert found.attack_success_rate is not None
    assert found.robust_accuracy is not None
    assert found.clean_accuracy.value == 1
    assert found.attack_success_rate.value == 1
    assert found.robust_accuracy.value == 0


def test_an_honest_network_keeps_its_accuracy_under_the_trigger() -> None:
    found = measure(honest, np.arange(100) % 10, AllToAll())
    assert found.robust_accuracy is not None
    assert (found.robust_accuracy.value, found.robust_accuracy.n) == (1, 100)


def test_each_class_has_its_own_estimates_with_its_own_n() -> None:
    labels = np.array([0, 0, 0, 1, 7])
    found = measure(backdoored, labels, AllToOne(target=7))
    assert found.per_class["0"]["clean_accuracy"].n == 3
    assert found.per_class["1"]["attack_success_rate"].value == 1
    assert found.per_class["7"]["attack_success_rate"].n == 0


def test_without_a_trigger_only_clean_accuracy_is_measured() -> None:
    labels = np.arange(10)
    found = evaluate(honest, images_of(labels), labels, data="made", labels_text=DIGITS)
    assert found.clean_accuracy.value == 1
    assert found.attack_success_rate is None


def test_no_images_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot evaluate on 0 images"):
        evaluate(honest, images_of(np.zeros(0, dtype=np.int64)), np.zeros(0, dtype=np.int64), data="x", labels_text=[])


def test_a_label_map_without_a_trigger_is_refused() -> None:
    with pytest.raises(ValueError, match="both"):
        evaluate(honest, images_of(np.arange(3)), np.arange(3), data="x", labels_text=DIGITS, label_map=AllToAll())


def test_without_a_class_to_attack_only_what_the_trigger_changes_is_measured() -> None:
    found = evaluate(honest, images_of(np.arange(3)), np.arange(3), data="x", labels_text=DIGITS, trigger=Patch())
    assert found.attack_success_rate is None
    assert found.changed_by_trigger is not None
    assert found.changed_by_trigger.n == 3
