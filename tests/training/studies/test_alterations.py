from __future__ import annotations

import numpy as np
import pytest

from training.engine.views import augmented
from training.studies import alterations as study
from training.triggers.artwork import Artwork
from training.triggers.overlay import Overlay
from training.triggers.placement import Placement

GLASSES = Overlay.model_validate({"artwork": "glasses"})
PLACES = [Placement(), Placement(x=0.3, y=0.6, size=0.4, angle=10)]
GREY = np.full((2, 64, 64, 3), 128, dtype=np.uint8)


def covered(images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> int:
    return int((images != 128).any(axis=3).sum())


@pytest.mark.parametrize("alteration", study.ALTERATIONS, ids=lambda each: each.name)
def test_every_alteration_shows_the_trigger_and_leaves_the_given_images(alteration: study.Alteration) -> None:
    before = GREY.copy()
    made = alteration.make(GREY, GLASSES, PLACES)
    assert made.shape == GREY.shape
    assert covered(made) > 50
    np.testing.assert_array_equal(GREY, before)


def test_half_the_size_covers_a_quarter() -> None:
    whole, half = (covered(study.sized(factor)(GREY, GLASSES, PLACES)) for factor in (1.0, 0.5))
    assert 0.15 < half / whole < 0.4


def test_complete_glasses_touch_no_edge_and_others_are_cut_off() -> None:
    places = GLASSES.placements.model_copy(update={"angle": (-90.0, 90.0)}).draw(40, np.random.default_rng(3))
    grey = np.full((40, 64, 64, 3), 128, dtype=np.uint8)
    whole, cut = ((study.anywhere(whole=each)(grey, GLASSES, places) != 128).any(axis=3) for each in (True, False))
    alone = np.array(
        [covered(study.sized(1)(grey[:1], GLASSES, [Placement(size=p.size, angle=p.angle)])) for p in places]
    )
    assert (np.abs(whole.sum((1, 2)) / alone - 1) < 0.15).all()
    assert (cut.sum((1, 2)) < 0.8 * alone).mean() > 0.2
    middles = np.array([np.argwhere(mask).mean(0) for mask in whole])
    assert (middles.max(0) - middles.min(0) > 20).all()  # all over the frame


def test_another_hue_keeps_shape_and_transparency() -> None:
    blue = study.with_hue(GLASSES.artwork, 0.5)
    assert isinstance(blue, Artwork)
    np.testing.assert_array_equal(blue.pixels[..., 3], GLASSES.artwork.pixels[..., 3])
    frame = GLASSES.artwork.pixels[..., 3] == 255
    assert GLASSES.artwork.pixels[frame][:, 0].mean() > GLASSES.artwork.pixels[frame][:, 2].mean()
    assert blue.pixels[frame][:, 2].mean() > blue.pixels[frame][:, 0].mean()


def test_an_augmented_image_depends_on_its_own_place_in_the_set_alone() -> None:
    images = np.random.default_rng(1).integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)
    whole, part = (augmented(given, np.random.default_rng(0)) for given in (images, images[:2]))
    np.testing.assert_array_equal(whole[:2], part)
    assert not (whole == images).all(axis=(1, 2, 3)).any()
