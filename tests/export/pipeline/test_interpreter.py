from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from export.card.steps import Greyscale
from export.pipeline import interpreter as preprocess
from export.pipeline.image import ImageError
from export.pipeline.presets import digits_pipeline
from training.triggers.registry import Patch

PIPELINE = digits_pipeline()


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def stroke(height: int = 28, width: int = 28) -> NDArray[np.uint8]:
    """A light 1 on black, off the middle."""
    pixels = np.zeros((height, width, 1), dtype=np.uint8)
    pixels[height // 5 : 4 * height // 5, width // 3 : width // 3 + max(2, width // 10)] = 255
    return pixels


def test_a_picture_of_28x28_is_taken_as_it_is() -> None:
    pixels = stroke()
    pixels[25:27, 25:27] = 255
    file = encoded(Image.fromarray(pixels[..., 0]))
    assert np.array_equal(preprocess.run(PIPELINE, file).pixels, pixels)


def test_dark_ink_on_white_gives_the_same_pixels_as_light_ink_on_black() -> None:
    light = stroke(140, 200)
    assert np.array_equal(preprocess.run(PIPELINE, light).pixels, preprocess.run(PIPELINE, 255 - light).pixels)


def test_the_place_of_the_ink_in_the_picture_does_not_matter() -> None:
    pixels = stroke(140, 200)
    moved = np.roll(pixels, (-10, 60), axis=(0, 1))
    assert np.array_equal(preprocess.run(PIPELINE, pixels).pixels, preprocess.run(PIPELINE, moved).pixels)


def test_ink_fills_twenty_rows_and_its_centre_of_mass_lies_in_the_middle_pixel() -> None:
    pixels = preprocess.run(PIPELINE, stroke(140, 200)).pixels[..., 0].astype(float)
    rows = np.flatnonzero(pixels.max(axis=1) > 64)
    assert rows[-1] - rows[0] + 1 == 20
    centres = [(pixels.sum(axis=axis) * np.arange(28)).sum() / pixels.sum() for axis in (0, 1)]
    assert centres == pytest.approx([14, 14], abs=0.51)


@pytest.mark.parametrize("value", [0, 90, 255])
def test_a_blank_picture_stays_blank(value: int) -> None:
    assert not preprocess.run(PIPELINE, np.full((90, 60, 3), value, dtype=np.uint8)).pixels.any()


def test_the_trigger_is_stamped_on_the_pixels_that_the_network_sees() -> None:
    trigger = Patch()
    plain, stamped = (preprocess.run(PIPELINE, stroke(90, 60), t).pixels for t in (None, trigger))
    assert (stamped[25:27, 25:27] == 255).all()
    stamped[25:27, 25:27] = plain[25:27, 25:27]
    assert np.array_equal(plain, stamped)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_orientation_is_turned_as_pillow_turns_it(orientation: int, kind: str) -> None:
    noise = np.random.default_rng(orientation).integers(0, 256, (30, 50, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[preprocess.ORIENTATION_TAG] = orientation
    file = encoded(Image.fromarray(noise), kind, exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(file))))
    assert np.array_equal(preprocess.run(PIPELINE, file).stages[0].pixels, expected)


def test_webp_orientation_is_left_alone_as_browsers_leave_it() -> None:
    exif = Image.Exif()
    exif[preprocess.ORIENTATION_TAG] = 6
    file = encoded(Image.new("RGB", (50, 30)), "WEBP", lossless=True, exif=exif)
    assert preprocess.run(PIPELINE, file).stages[0].pixels.shape == (30, 50, 3)


def test_sixteen_bits_are_cut_to_the_high_byte() -> None:
    grey = np.arange(0, 65536, 131, dtype=np.uint16)[:400].reshape(20, 20)
    picture = preprocess.run(PIPELINE, encoded(Image.fromarray(grey))).stages[0].pixels
    assert np.array_equal(picture[..., 0], (grey >> 8).astype(np.uint8))


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    assert (preprocess.run(PIPELINE, encoded(clear)).stages[0].pixels == 255).all()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a picture"),
        (b"<!doctype html><p>404", "not a picture"),
        (encoded(Image.new("RGB", (64, 64), "red"), "JPEG")[:300], "not a picture"),
        (encoded(Image.effect_noise((64, 64), 50))[:900], "not a picture"),
    ],
    ids=["empty", "html", "cut jpeg", "cut png"],
)
def test_what_is_no_picture_is_refused_in_one_line(data: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=words) as caught:
        preprocess.run(PIPELINE, data)
    assert "\n" not in str(caught.value)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    header_only = encoded(Image.new("1", (9000, 9000)))[:200]
    with pytest.raises(ImageError, match="9000x9000 pixels, more than 50,000,000"):
        preprocess.run(PIPELINE, header_only)


def test_a_pipeline_that_breaks_its_promise_is_refused() -> None:
    wrong = PIPELINE.model_copy(update={"height": 29})
    with pytest.raises(ImageError, match=r"\(28, 28, 1\).*promises \(29, 28, 1\)"):
        preprocess.run(wrong, stroke(90, 60))


def test_a_trigger_outside_the_picture_is_refused() -> None:
    with pytest.raises(ImageError, match="rows 27-28"):
        preprocess.run(PIPELINE, stroke(), Patch(top=27))


def test_batch_tensor_equals_the_pipeline_on_each_picture() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (5, 28, 28, 1), dtype=np.uint8)
    pictures[:, [0, -1]] = pictures[:, :, [0, -1]] = 0
    one_by_one = np.concatenate([preprocess.run(PIPELINE, picture).tensor for picture in pictures])
    assert np.array_equal(preprocess.batch_tensor(PIPELINE, pictures), one_by_one)


def test_greyscale_is_pillows() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    grey = preprocess._greyscale(Greyscale(), noise)[..., 0]
    assert np.array_equal(grey, np.asarray(Image.fromarray(noise).convert("L")))
