from __future__ import annotations

import numpy as np
import pytest

from training.data import registry, splits
from training.data.base import DataError, Dataset
from training.recipes.base import DataSet
from training.recipes.scratch import Data

WHOLE = registry.load("digits", "train")


def keys(dataset: Dataset) -> list[bytes]:
    return [image.tobytes() + bytes([label]) for image, label in zip(dataset.images, dataset.labels, strict=True)]


def test_without_a_fraction_all_training_images_are_trained_on() -> None:
    found = splits.load(Data(name="digits"))
    assert found.validation is None
    assert keys(found.training) == keys(WHOLE)
    assert list(found.by_name) == ["train", "test"]


def test_the_fraction_of_each_class_is_set_aside_and_no_image_is_lost_or_in_two_splits() -> None:
    found = splits.load(Data(name="digits", validation=0.3))
    assert found.validation is not None
    counts = np.bincount(WHOLE.labels)
    np.testing.assert_array_equal(np.bincount(found.validation.labels), np.round(0.3 * counts))
    assert sorted(keys(found.training) + keys(found.validation)) == sorted(keys(WHOLE))
    assert not set(keys(found.training)) & set(keys(found.validation))
    assert not set(keys(found.test)) & set(keys(found.validation))
    assert list(found.by_name) == ["train", "validation", "test"]


def test_the_same_images_are_set_aside_each_time_and_in_the_data_sets_order() -> None:
    kept, aside = splits.set_aside(WHOLE, 0.25)
    again = splits.set_aside(WHOLE, 0.25)
    assert (keys(kept), keys(aside)) == (keys(again[0]), keys(again[1]))
    order = {key: place for place, key in enumerate(keys(WHOLE))}
    for part in (kept, aside):
        places = [order[key] for key in keys(part)]
        assert places == sorted(places)


def test_what_is_trained_on_is_the_same_however_it_is_loaded() -> None:
    data = Data(name="digits", validation=0.25)
    assert keys(splits.load_training(data)) == keys(splits.load(data).training)
    assert keys(splits.load_training(DataSet(name="digits"))) == keys(WHOLE)


@pytest.mark.parametrize(("fraction", "aside"), [(0.2, 0), (0.9, 2)])
def test_a_class_too_small_to_be_divided_is_one_clear_line(fraction: float, aside: int) -> None:
    rare = np.flatnonzero(WHOLE.labels == 4)[:2]
    chosen = np.concatenate([np.flatnonzero(WHOLE.labels != 4), rare])
    dataset = WHOLE._replace(images=WHOLE.images[chosen], labels=WHOLE.labels[chosen])
    with pytest.raises(DataError, match=rf"class '4' has 2 training images, .* = {fraction} sets {aside} aside"):
        splits.set_aside(dataset, fraction)
