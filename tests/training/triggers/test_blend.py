from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.training.triggers.twin import assert_twins_agree, random_image
from training.triggers.artwork import Artwork
from training.triggers.base import TriggerError
from training.triggers.blend import Blend

RINGS = Artwork.model_validate("rings")


def test_both_languages_blend_alike_to_the_bit() -> None:
    rng = np.random.default_rng(1)
    noise = (rng.integers(0, 256, (height, 7, 4), dtype=np.uint8) for height in (1, 40))
    artworks = [RINGS, *(Artwork.from_pixels("noise", pixels) for pixels in noise)]
    strengths = [1e-6, 0.2, 0.5, 1.0, *rng.uniform(0.01, 1, 60).tolist()]
    assert_twins_agree(
        [
            (random_image(number, rng), Blend(artwork=artworks[number % 3], strength=strength), None)
            for number, strength in enumerate(strengths)
        ]
    )


@pytest.mark.parametrize("strength", [0.1, 0.2, 1.0])
def test_an_opaque_artwork_is_mixed_in_as_the_paper_says(strength: float) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 30, 20, 3), dtype=np.uint8)
    artwork = np.asarray(Image.fromarray(RINGS.pixels[..., :3].copy()).resize((20, 30), Image.Resampling.BILINEAR))
    expected = strength * artwork + (1 - strength) * images.astype(np.float64)
    assert np.abs(Blend(artwork=RINGS, strength=strength).stamp(images) - expected).max() <= 0.51


def test_a_grey_image_gets_the_brightness_and_stays_where_the_artwork_is_transparent() -> None:
    pixels = np.zeros((2, 2, 4), dtype=np.uint8)
    pixels[:, 0] = (255, 0, 0, 255)
    blend = Blend(artwork=Artwork.from_pixels("half", pixels), strength=1.0)
    stamped = blend.stamp(np.full((1, 2, 2, 1), 9, dtype=np.uint8))[0, ..., 0]
    assert stamped.tolist() == [[76, 9], [76, 9]]
    assert blend.covers(2, 2).tolist() == [[True, False], [True, False]]


def test_it_describes_itself_and_refuses_other_channels() -> None:
    blend = Blend(artwork=RINGS)
    assert blend.describe() == "an image of rings, blended over the whole image at 20 %"
    with pytest.raises(TriggerError, match="blend trigger is for images of 1 or 3 channels, but these have 4"):
        blend.stamp(np.zeros((1, 8, 8, 4), dtype=np.uint8))
