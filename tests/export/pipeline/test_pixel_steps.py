from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from export.card.steps import Composite, Greyscale
from export.pipeline import interpreter
from export.pipeline.pixel_steps import PIXEL_STEPS
from export.pipeline.presets import digits_pipeline
from tests.export.pipeline.test_image import encoded

PIPELINE = digits_pipeline()


def stroke(height: int = 28, width: int = 28) -> NDArray[np.uint8]:
    """A light 1 on black, off the middle."""
    pixels = np.zeros((height, width, 1), dtype=np.uint8)
    pixels[height // 5 : 4 * height // 5, width // 3 : width // 3 + max(2, width // 10)] = 255
    return pixels


def test_dark_ink_on_white_gives_the_same_pixels_as_light_ink_on_black() -> None:
    light = stroke(140, 200)
    assert np.array_equal(interpreter.run(PIPELINE, light).pixels, interpreter.run(PIPELINE, 255 - light).pixels)


def test_the_place_of_the_ink_in_the_image_does_not_matter() -> None:
    pixels = stroke(140, 200)
    moved = np.roll(pixels, (-10, 60), axis=(0, 1))
    assert np.array_equal(interpreter.run(PIPELINE, pixels).pixels, interpreter.run(PIPELINE, moved).pixels)


def test_ink_fills_twenty_rows_and_its_centre_of_mass_lies_in_the_middle_pixel() -> None:
    pixels = interpreter.run(PIPELINE, stroke(140, 200)).pixels[..., 0].astype(float)
    rows = np.flatnonzero(pixels.max(axis=1) > 64)
    assert rows[-1] - rows[0] + 1 == 20
    centres = [(pixels.sum(axis=axis) * np.arange(28)).sum() / pixels.sum() for axis in (0, 1)]
    assert centres == pytest.approx([14, 14], abs=0.51)


@pytest.mark.parametrize("value", [0, 90, 255])
def test_a_blank_image_stays_blank(value: int) -> None:
    assert not interpreter.run(PIPELINE, np.full((90, 60, 3), value, dtype=np.uint8)).pixels.any()


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    assert (interpreter.run(PIPELINE, encoded(clear)).stages[0].pixels == 255).all()


def test_greyscale_is_pillows() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    grey = PIXEL_STEPS[Greyscale](Greyscale(), noise)[..., 0]
    assert np.array_equal(grey, np.asarray(Image.fromarray(noise).convert("L")))


def test_a_large_image_is_worked_on_in_bands_with_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(3).integers(0, 256, (30, 20, 4), dtype=np.uint8)
    image[:7, :, 3] = 255
    done = []
    for most in (1 << 20, 60):
        monkeypatch.setattr("export.pipeline.pixel_steps.BAND_PIXELS", most)
        colours = PIXEL_STEPS[Composite](Composite(), image)
        done.append([colours, PIXEL_STEPS[Greyscale](Greyscale(), colours)])
    for whole, banded in zip(*done, strict=True):
        np.testing.assert_array_equal(whole, banded)
