"""Draw the images that the golden vectors of networks of photos start from, one for each way they can come.

    python -m tests.golden.make_photos

writes `tests/golden/photos/` and `tests/golden/photos.json` (file, what it is). Everything is drawn or generated from
fixed seeds; no photograph and nothing of a data set is in it.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from tests import pets
from tests.golden.make_inputs import encode, swapped_profile

HERE = Path(__file__).resolve().parent
PHOTOS: dict[str, tuple[str, Callable[[], bytes]]] = {}
"""File name -> what it is, and how to make its bytes."""
BROWN, WHITE, BLACK, GREY, SPOTTED, GOLDEN = pets.DOGS
DARK, SUIT, FAIR = pets.PEOPLE


def image(name: str, what: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Register a function that makes an image file."""

    def register(make: Callable[[], bytes]) -> Callable[[], bytes]:
        PHOTOS[name] = (what, make)
        return make

    return register


def dog(which: pets.Dog, height: int, width: int) -> Image.Image:
    """A drawn dog."""
    return Image.fromarray(pets.dog(which, height, width, seed=height))


def gradients(height: int, width: int) -> pets.Pixels:
    """Every hue, darker downwards."""
    hue = np.linspace(0, 2 * np.pi, width)[None, :, None] + np.array([0, 2, 4]) * np.pi / 3
    bright = np.linspace(1, 0.1, height)[:, None, None]
    return np.rint(255 * bright * (0.5 + 0.5 * np.cos(hue))).astype(np.uint8)


# --- JPEG and WebP --------------------------------------------------------------------------------------------------


@image("dog-420.jpg", "JPEG with 4:2:0 chroma subsampling, 4:3")
def _jpeg_420() -> bytes:
    return encode(dog(BROWN, 360, 480), "JPEG", quality=80, subsampling="4:2:0")


@image("dog-444.jpg", "JPEG without chroma subsampling, already of the network's size")
def _jpeg_444() -> bytes:
    return encode(dog(WHITE, 224, 224), "JPEG", quality=85, subsampling="4:4:4")


@image("dog-422-odd.jpg", "JPEG with 4:2:2 chroma subsampling, odd height and width")
def _jpeg_422() -> bytes:
    return encode(dog(BLACK, 301, 227), "JPEG", quality=75, subsampling="4:2:2")


@image("dog-progressive.jpg", "progressive JPEG")
def _progressive() -> bytes:
    return encode(dog(GREY, 256, 256), "JPEG", quality=70, progressive=True)


@image("dog-grey.jpg", "JPEG of one channel")
def _grey_jpeg() -> bytes:
    return encode(dog(SPOTTED, 280, 300).convert("L"), "JPEG", quality=80)


@image("dog-upright.jpg", "tall JPEG: the middle square is cut out")
def _upright() -> bytes:
    return encode(dog(GOLDEN, 480, 320), "JPEG", quality=75)


@image("dog-wide.jpg", "very wide JPEG")
def _wide() -> bytes:
    return encode(dog(BROWN, 220, 640), "JPEG", quality=70)


@image("dog-quality-10.jpg", "JPEG of very low quality")
def _coarse() -> bytes:
    return encode(dog(SPOTTED, 300, 300), "JPEG", quality=10)


@image("person-420.jpg", "JPEG of a person's face")
def _person() -> bytes:
    return encode(pets.person(DARK, 400, 320, 1), "JPEG", quality=80)


@image("person-small.jpg", "JPEG much smaller than the network's size")
def _small() -> bytes:
    return encode(pets.person(SUIT, 60, 48, 2), "JPEG", quality=90)


@image("person-lossy.webp", "lossy WebP")
def _webp() -> bytes:
    return encode(pets.person(FAIR, 300, 300, 3), "WEBP", quality=75)


@image("dog-cut-out.webp", "lossless WebP of a dog without its background")
def _webp_alpha() -> bytes:
    flat = pets.dog(
        pets.Dog("", (150, 104, 62), (196, 160, 120), (96, 60, 34), False, (0, 255, 0), (0, 255, 0)), 96, 96
    )
    green = flat.astype(int)[..., 1] - flat.astype(int)[..., [0, 2]].max(axis=2)
    alpha = np.clip(255 - 3 * np.maximum(green, 0), 0, 255).astype(np.uint8)
    return encode(np.dstack([flat, alpha]), "WEBP", lossless=True)


@image("dog-twelve-megapixels.jpg", "JPEG of 4000x3000, as from a telephone")
def _twelve() -> bytes:
    large = dog(BROWN, 375, 500).resize((4000, 3000), Image.Resampling.BICUBIC)
    return encode(large, "JPEG", quality=20)


def turned(orientation: int) -> bytes:
    """A JPEG that lies in the file as its EXIF orientation says."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    undo = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    return encode(dog(GOLDEN, 320, 240).transpose(undo[orientation]), "JPEG", quality=75, exif=exif)


@image("dog-exif-3.jpg", "JPEG that EXIF says is upside down")
def _exif_3() -> bytes:
    return turned(3)


@image("dog-exif-6.jpg", "JPEG that EXIF says lies on its left side")
def _exif_6() -> bytes:
    return turned(6)


@image("dog-exif-8.jpg", "JPEG that EXIF says lies on its right side")
def _exif_8() -> bytes:
    return turned(8)


@image("dog-icc.jpg", "JPEG with an ICC profile that exchanges red and blue; it must not be applied")
def _icc() -> bytes:
    return encode(dog(WHITE, 240, 240), "JPEG", quality=75, icc_profile=swapped_profile())


# --- PNG and others -------------------------------------------------------------------------------------------------


@image("colour-gradients.png", "every hue, smooth")
def _gradients() -> bytes:
    return encode(gradients(180, 260), "PNG")


@image("colour-alpha.png", "PNG, more and more see-through")
def _alpha() -> bytes:
    colours = gradients(120, 200)
    alpha = np.repeat(np.linspace(0, 255, 120).astype(np.uint8)[:, None], 200, axis=1)
    return encode(np.dstack([colours, alpha]), "PNG")


@image("colour-palette.png", "PNG with a palette of 32 colours")
def _palette() -> bytes:
    return encode(dog(SPOTTED, 160, 160).quantize(32, dither=Image.Dither.NONE), "PNG")


@image("colour-palette-transparent.png", "PNG with a palette, one colour of it see-through")
def _palette_transparent() -> bytes:
    return encode(dog(BLACK, 120, 150).quantize(16, dither=Image.Dither.NONE), "PNG", transparency=0)


@image("colour-16bit.png", "PNG with 16 bits a channel")
def _sixteen() -> bytes:
    wide = (gradients(90, 90).astype(np.uint32) * 257 + 11).clip(0, 65535).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in wide)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 90, 90, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


@image("colour-gamma.png", "PNG with a gamma, which is not applied")
def _gamma() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add(b"gAMA", struct.pack(">I", 100_000))
    return encode(gradients(100, 100), "PNG", pnginfo=info)


@image("colour-grey.png", "PNG of one channel: a ramp")
def _grey() -> bytes:
    return encode(Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (200, 1))), "PNG")


@image("colour-checker.png", "a pattern finer than the network's pixels")
def _checker() -> bytes:
    y, x = np.mgrid[:450, :450]
    odd = ((x + y) % 2 * 255).astype(np.uint8)
    return encode(np.dstack([odd, 255 - odd, odd]), "PNG")


@image("colour-noise.png", "noise")
def _noise() -> bytes:
    return encode(np.random.default_rng(9).integers(0, 256, (70, 90, 3), dtype=np.uint8), "PNG")


@image("colour-one-pixel.png", "a single pixel")
def _one_pixel() -> bytes:
    return encode(np.array([[[200, 90, 10]]], dtype=np.uint8), "PNG")


@image("colour-very-tall.png", "3 pixels wide")
def _tall() -> bytes:
    return encode(gradients(500, 3), "PNG")


@image("colour-very-wide.png", "3 pixels high")
def _very_wide() -> bytes:
    return encode(gradients(3, 500), "PNG")


@image("colour-white.png", "nothing but white")
def _white() -> bytes:
    return encode(np.full((300, 400, 3), 255, dtype=np.uint8), "PNG")


@image("dog-still.gif", "GIF of one frame")
def _gif() -> bytes:
    return encode(dog(GREY, 140, 140).quantize(64, dither=Image.Dither.NONE), "GIF")


@image("dog-plain.bmp", "BMP")
def _bmp() -> bytes:
    return encode(dog(GOLDEN, 64, 64), "BMP")


def main() -> None:
    """Write every image and the list of them."""
    folder = HERE / "photos"
    folder.mkdir(exist_ok=True)
    for name, (_, make) in PHOTOS.items():
        (folder / name).write_bytes(make())
    text = ",\n".join("  " + json.dumps({"file": name, "what": what}) for name, (what, _) in PHOTOS.items())
    (HERE / "photos.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
