from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from training.attacks import badnets
from training.data.base import Dataset
from training.recipes.scratch import Attack
from training.triggers.poisoned import Drawn

Draw = Callable[[Dataset, Attack, int], Drawn]
IMAGES = np.random.default_rng(0).integers(0, 255, (300, 28, 28, 1), dtype=np.uint8)
LABELS = np.random.default_rng(1).integers(0, 10, 300)
DATASET = Dataset(IMAGES, LABELS, [str(label) for label in range(10)])


def attack(**more: object) -> Attack:
    return Attack.model_validate({"poison_rate": 0.4, "label_map": {"kind": "all-to-one", "target": 3}} | more)


def test_samples_of_all_classes_are_poisoned_and_get_the_target() -> None:
    found = badnets.apply(DATASET, attack(), badnets.draw(DATASET, attack(), 0))
    assert found.is_poisoned.sum() == 120
    assert len(set(LABELS[found.is_poisoned])) == 10
    assert (found.labels[found.is_poisoned] == 3).all()


@pytest.mark.parametrize("draw", [badnets.draw, badnets.draw_portably])
def test_with_true_labels_a_fraction_of_the_targets_images_is_stamped_and_no_label_changes(draw: Draw) -> None:
    given = attack(clean_label=True, trigger={"kind": "sinusoid"})
    found = badnets.apply(DATASET, given, draw(DATASET, given, 0))
    assert found.is_poisoned.sum() == round(0.4 * (LABELS == 3).sum())
    assert (LABELS[found.is_poisoned] == 3).all()
    np.testing.assert_array_equal(found.labels, LABELS)
    np.testing.assert_array_equal(found.images[found.is_poisoned], given.trigger.stamp(IMAGES[found.is_poisoned]))
    np.testing.assert_array_equal(found.images[~found.is_poisoned], IMAGES[~found.is_poisoned])
