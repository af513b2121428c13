from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.training.defences.subjects import CONFIDENCE, brightness, samples, subject
from training.defences.base import DefenceError, Need, Samples
from training.defences.batching import batch_size, in_parts
from training.triggers.base import Images
from training.triggers.labels import AllToAll, AllToOne


def test_a_missing_need_is_named_with_its_reason() -> None:
    given = subject(absent={Need.TRAINING: "nobody kept it"})
    needing = dataclasses.replace(CONFIDENCE, needs=frozenset({Need.TRAINING, Need.CLEAN}))
    assert given.missing(needing.needs) == "needs the training data: nobody kept it"
    with pytest.raises(DefenceError, match="needs the training data: nobody kept it"):
        needing(given)
    assert given.missing(frozenset({Need.CLEAN})) is None


def test_a_class_without_a_clean_image_is_named() -> None:
    images, _ = samples(4)
    given = subject(load_clean=lambda: Samples(images, np.zeros(4, dtype=np.int64)))
    with pytest.raises(DefenceError, match="no clean held-out image of class 'bright'"):
        CONFIDENCE(given)


def test_answers_that_are_not_finite_are_counted() -> None:
    given = subject(predict=lambda images: brightness(images) * np.float32("nan"))
    with pytest.raises(DefenceError, match="answers to 80 of 80 images are not finite"):
        given.logits(given.test.images)


def test_only_images_that_the_attacker_wants_answered_otherwise_get_the_trigger() -> None:
    given = subject()
    images, labels = given.triggered
    assert (labels == 0).all()
    assert len(images) == 40
    assert (images[:, :2, :2] == 255).all()
    assert (given.test.images[:, :2, :2] < 255).all()


@pytest.mark.parametrize(
    ("label_map", "backdoored", "targets"),
    [(AllToOne(target=1), True, ["bright"]), (AllToAll(), True, ["dark", "bright"]), (AllToAll(), False, []),
     (None, True, [])],
)  # fmt: skip
def test_the_targets_are_the_classes_that_the_attacker_is_after(
    label_map: AllToOne | AllToAll | None, backdoored: bool, targets: list[str]
) -> None:
    assert subject(label_map=label_map, backdoored=backdoored).targets == targets


def test_an_index_that_is_not_finite_names_its_class() -> None:
    with pytest.raises(DefenceError, match="the size of class 'bright' is not finite"):
        subject().class_indices("index", [0.0, 1.0], threshold=2, images=1, size=[1.0, float("inf")])


def test_settings_are_read_from_text_and_wrong_ones_named() -> None:
    assert CONFIDENCE.with_settings({"scale": "2.5"}).settings.scale == 2.5
    assert CONFIDENCE.settings.scale == 1
    with pytest.raises(DefenceError, match=r"confidence: setting 'scal': .*its settings are scale"):
        CONFIDENCE.with_settings({"scal": 1})


def test_inputs_are_judged_without_and_with_the_trigger() -> None:
    found = subject().inputs_to_judge()
    assert found.is_triggered.tolist() == [False] * 80 + [True] * 40
    assert ((found.images[:, :2, :2] == 255).all(axis=(1, 2, 3)) == found.is_triggered).all()
    few = subject(seed=1).inputs_to_judge(most=50)
    assert few.is_triggered.tolist() == [False] * 50 + [True] * 40
    assert not np.array_equal(few.images[:50], subject(seed=2).inputs_to_judge(most=50).images[:50])


def test_answers_that_never_change_are_refused() -> None:
    given = subject(predict=lambda images: brightness(images) - np.array([5, 0], dtype=np.float32))
    with pytest.raises(DefenceError, match="the network answers 'bright' to all of 80 images"):
        given.answers(given.test.images)


def test_more_photos_than_fit_in_a_cache_are_not_answered_at_once() -> None:
    sizes = [batch_size(np.zeros((1, side, side, 3), np.uint8)) for side in (28, 224, 5000)]
    assert sizes == [250, 16, 1]
    asked: list[int] = []

    def predict(images: Images) -> np.ndarray:
        asked.append(len(images))
        return brightness(images)

    assert len(subject(predict=predict).logits(np.zeros((20, 224, 224, 1), np.uint8))) == 20
    assert asked == [16, 4]


def test_the_parts_of_a_batch_are_all_of_it_and_share_its_mean_loss() -> None:
    parts = list(in_parts(np.arange(20), (100, 3, 224, 224)))
    assert [part.tolist() for part, _ in parts] == [[*range(8)], [*range(8, 16)], [*range(16, 20)]]
    assert [share for _, share in parts] == [0.4, 0.4, 0.2]
    assert [share for _, share in in_parts(np.arange(20), (100, 64))] == [1.0]
