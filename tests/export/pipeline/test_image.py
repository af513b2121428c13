from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageOps
from PIL.ExifTags import Base

from export.pipeline.image import ImageError, Pixels, decode, load
from tests.export.pipeline.odd_images import corner


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def upright(source: bytes | Pixels) -> Pixels:
    return load(source, 50_000_000)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "AVIF"])
def test_orientation_is_turned_as_pillow_turns_it(orientation: int, kind: str) -> None:
    noise = np.random.default_rng(orientation).integers(0, 256, (30, 50, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    file = encoded(Image.fromarray(noise), kind, exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(file))))
    assert np.array_equal(upright(file)[..., :3], expected)


def test_webp_orientation_is_left_alone_as_browsers_leave_it() -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    file = encoded(Image.new("RGB", (50, 30)), "WEBP", lossless=True, exif=exif)
    assert upright(file)[..., :3].shape == (30, 50, 3)


def test_sixteen_bits_are_cut_to_the_high_byte() -> None:
    grey = np.arange(0, 65536, 131, dtype=np.uint16)[:400].reshape(20, 20)
    pixels = upright(encoded(Image.fromarray(grey)))
    assert np.array_equal(pixels[..., 0], (grey >> 8).astype(np.uint8))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a readable image"),
        (b"<!doctype html><p>404", "not a readable image"),
        (encoded(Image.new("RGB", (64, 64), "red"), "JPEG")[:300], "not a readable image"),
        (encoded(Image.effect_noise((64, 64), 50))[:900], "not a readable image"),
    ],
    ids=["empty", "html", "cut jpeg", "cut png"],
)
def test_what_is_no_image_is_refused_in_one_line(data: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=words) as caught:
        upright(data)
    assert "\n" not in str(caught.value)


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    header_only = encoded(Image.new("1", (9000, 9000)))[:200]
    with pytest.raises(ImageError, match="9000x9000 pixels, more than 50,000,000"):
        upright(header_only)


@pytest.mark.parametrize("shape", [(28, 28), (0, 28, 3), (28, 28, 2), (1, 28, 28, 1)])
def test_arrays_that_are_no_image_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ImageError, match="expected pixels"):
        upright(np.zeros(shape, np.uint8))
    with pytest.raises(ImageError, match="float64"):
        upright(np.zeros((28, 28, 1)))  # type: ignore[arg-type]  # the mistake


def test_numbers_without_a_range_are_refused_rather_than_shown_black() -> None:
    for pixels in (np.full((4, 4), 0.5, np.float32), np.full((4, 4), 1 << 20, np.int32)):
        with pytest.raises(ImageError, match="numbers of 32 bits"):
            decode(encoded(Image.fromarray(pixels), "TIFF"), 100)


def test_an_animation_begins_with_its_first_frame() -> None:
    """The image that stands for it elsewhere is none of its frames; browsers do the same."""
    still, first, second = (Image.new("RGB", (4, 4), (value, 0, 0)) for value in (10, 20, 30))
    file = encoded(still, "PNG", save_all=True, append_images=[first, second], default_image=True)
    assert decode(file, 100)[0][0, 0].tolist() == [20, 0, 0, 255]


def test_four_inks_let_through_what_browsers_say() -> None:
    inks = [[0, 0, 0, 0], [255, 0, 128, 0], [10, 20, 30, 100], [0, 0, 0, 255], [7, 77, 177, 3]]
    through = [[(255 - ink) * (255 - black) // 255 for ink in colours] for *colours, black in inks]
    found, _ = decode(encoded(Image.fromarray(np.array([inks], np.uint8), "CMYK"), "TIFF"), 100)
    assert found[0].tolist() == [[*colour, 255] for colour in through]


def test_around_the_first_frame_of_a_gif_there_is_nothing() -> None:
    pixels, _ = decode(corner(), 100)
    assert pixels[..., 3].sum() == 255
    assert pixels[2, 3].tolist() == [10, 20, 30, 255]


def test_whatever_a_decoder_raises_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: object) -> None:
        raise RuntimeError("a decoder's own")

    monkeypatch.setattr("export.pipeline.image._to_rgba", fail)
    with pytest.raises(ImageError, match="not a readable image"):
        decode(encoded(Image.new("L", (4, 4))), 100)
