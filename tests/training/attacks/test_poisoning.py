from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.attacks.poisoning import draw, poison
from training.triggers.labels import AllToAll, AllToOne
from training.triggers.pixels import Patch

IMAGES = np.random.default_rng(0).integers(0, 255, (200, 28, 28, 1), dtype=np.uint8)
LABELS = np.random.default_rng(1).integers(0, 10, 200)


@given(rate=st.floats(0, 1), seed=st.integers(0, 99))
def test_exactly_the_rate_is_poisoned_and_the_rest_is_untouched(rate: float, seed: int) -> None:
    poisoned = poison(IMAGES, LABELS, Patch(), AllToAll(), rate, np.random.default_rng(seed))
    chosen = poisoned.is_poisoned
    assert chosen.sum() == round(rate * len(IMAGES))
    assert (poisoned.images[~chosen] == IMAGES[~chosen]).all()
    assert (poisoned.labels[~chosen] == LABELS[~chosen]).all()
    assert (poisoned.images[chosen] == Patch().stamp(IMAGES[chosen])).all()
    assert (poisoned.labels[chosen] == (LABELS[chosen] + 1) % 10).all()


def test_poison_leaves_its_inputs_alone() -> None:
    images, labels = IMAGES.copy(), LABELS.copy()
    poison(images, labels, Patch(), AllToOne(target=7), 0.5, np.random.default_rng(0))
    assert (images == IMAGES).all()
    assert (labels == LABELS).all()


def test_the_same_seed_chooses_the_same_samples_and_another_seed_others() -> None:
    first, again, other = (
        poison(IMAGES, LABELS, Patch(), AllToAll(), 0.1, np.random.default_rng(seed)).is_poisoned for seed in (3, 3, 4)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_a_smaller_rate_chooses_among_those_of_a_larger_one() -> None:
    small, large = (
        poison(IMAGES, LABELS, Patch(), AllToAll(), rate, np.random.default_rng(3)).is_poisoned for rate in (0.1, 0.3)
    )
    assert large[small].all()


def test_only_samples_that_may_be_poisoned_are_and_the_rate_is_of_those() -> None:
    among = np.flatnonzero(LABELS == 3)
    drawn = draw(len(LABELS), Patch(), 0.5, np.random.default_rng(0), among=among)
    assert len(drawn.indices) == round(0.5 * len(among))
    assert set(drawn.indices) < set(among.tolist())


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_that_is_no_fraction_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        poison(IMAGES, LABELS, Patch(), AllToAll(), rate, np.random.default_rng(0))


def test_images_without_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="200 images and 199 labels"):
        poison(IMAGES, LABELS[1:], Patch(), AllToAll(), 0.1, np.random.default_rng(0))
