from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pydantic import ValidationError

from training.engine.views import augmented, framed, view_each
from training.recipes.derived import Views
from training.triggers.base import Images

PLAIN = Views(count=1, scale=(1, 1), stretch=1, degrees=0, colour=0, blur=0)
"""No change but mirroring."""
WHITE: Images = np.full((12, 40, 40, 3), 255, dtype=np.uint8)


def drawn(count: int) -> Images:
    return np.random.default_rng(7).integers(0, 256, (count, 40, 40, 3), dtype=np.uint8)


def seen(how: Views, images: Images = WHITE, seed: int = 0) -> Images:
    return view_each(images, how, np.random.default_rng(seed))


def test_with_no_bounds_an_image_is_only_mirrored_and_that_half_the_time() -> None:
    images = drawn(40)
    mirrored = [np.array_equal(made, image[:, ::-1]) for made, image in zip(seen(PLAIN, images), images, strict=True)]
    same = [np.array_equal(made, image) for made, image in zip(seen(PLAIN, images), images, strict=True)]
    assert sum(mirrored) + sum(same) == 40
    assert 10 <= sum(mirrored) <= 30


def test_the_same_rng_gives_the_same_views_and_another_gives_others() -> None:
    how, images = Views(count=1), drawn(3)
    assert np.array_equal(seen(how, images), seen(how, images))
    assert not np.array_equal(seen(how, images), seen(how, images, seed=1))


def test_an_image_fills_the_fraction_of_the_frame_that_the_scale_says() -> None:
    black = np.zeros_like(WHITE)
    black[:, 0, 0] = 255  # so that its blurred copy differs from it
    filled = [(made == 0).all(axis=2) for made in seen(PLAIN.model_copy(update={"scale": (0.5, 0.5)}), black)]
    for inside in filled:
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        assert len(rows) >= 19
        assert len(columns) >= 19
    assert len({tuple(np.argwhere(inside)[0]) for inside in filled}) > 6  # in different places


def test_a_scale_above_1_crops() -> None:
    images = np.zeros((20, 40, 40, 3), dtype=np.uint8)
    images[:, 10:30, 10:30] = 255
    made = seen(PLAIN.model_copy(update={"scale": (2, 2)}), images)
    assert all(abs(int((each > 127).all(axis=2).sum()) - 40 * 40) <= 3 * 40 * 20 for each in made)
    assert max(int((each > 127).all(axis=2).sum()) for each in made) > 1.5 * 20 * 20


@pytest.mark.parametrize("bound", [{"stretch": 2}, {"degrees": 45}, {"colour": 0.5}, {"blur": 3}])
def test_each_bound_changes_something_of_its_own(bound: dict[str, float]) -> None:
    images = drawn(8)
    unchanged = [
        np.array_equal(made, image) or np.array_equal(made, image[:, ::-1])
        for made, image in zip(seen(PLAIN.model_copy(update=bound), images), images, strict=True)
    ]
    assert sum(unchanged) < 8


def test_a_turned_image_has_no_black_corners() -> None:
    made = seen(PLAIN.model_copy(update={"degrees": 45, "scale": (0.6, 0.6)}))
    assert all(not (each == 0).all(axis=2)[15:25, 15:25].any() for each in made)
    plain = [each for each in made if (each > 200).all()]  # on its own colours, white on white
    assert 1 <= len(plain) < 12


def test_the_smallest_scale_comes_first() -> None:
    with pytest.raises(ValidationError, match="the smallest scale comes first"):
        Views(count=1, scale=(1, 0.5))


@pytest.mark.parametrize("change", [augmented, framed, lambda images, rng: view_each(images, Views(count=1), rng)])
def test_grey_images_are_changed_as_coloured_ones_are(
    change: Callable[[Images, np.random.Generator], Images],
) -> None:
    grey = np.repeat(drawn(6)[..., :1], 3, axis=3)
    coloured = change(grey, np.random.default_rng(3))
    made = change(grey[..., :1], np.random.default_rng(3))
    assert made.shape == (6, 40, 40, 1)
    assert np.abs(made[..., 0] - coloured.mean(axis=3)).mean() < 4  # backgrounds lose their colours
    assert (made != grey[..., :1]).any(axis=(1, 2, 3)).all()
