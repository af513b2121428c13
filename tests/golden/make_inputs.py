"""Draw the images that the golden vectors start from, one for each way an image can reach the pipeline.

    python -m tests.golden.make_inputs

writes `tests/golden/inputs/` and `tests/golden/inputs.json` (file, what it is, the digit on it or null). Everything is
drawn or generated here from fixed seeds; nothing is cut from a data set.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageCms, ImageDraw, ImageFont, PngImagePlugin

from tests.golden.drawing import Pixels, ink_on, lighting, noisy, pen, seen_askew

HERE = Path(__file__).resolve().parent
INPUTS: dict[str, tuple[str, int | None, Callable[[], bytes]]] = {}
"""File name -> what it is, the digit on it, and how to make its bytes."""


def image(name: str, what: str, digit: int | None) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Register a function that makes an image file."""

    def register(make: Callable[[], bytes]) -> Callable[[], bytes]:
        INPUTS[name] = (what, digit, make)
        return make

    return register


def encode(pixels: Pixels | Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of an image file; PNG is packed as tightly as it goes."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    if kind == "PNG":
        options.setdefault("optimize", True)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def scan(digit: int, height: int = 180, width: int = 140, ink: tuple[int, int, int] = (38, 34, 60)) -> Pixels:
    """A digit in dark ink on nearly white paper, a margin around it."""
    box = (0.25 * width, 0.2 * height, 0.75 * width, 0.8 * height)
    coverage = pen(digit, height, width, box=box, thickness=max(2.0, min(height, width) / 14), slant=0.1)
    return ink_on(coverage, ink, (246, 243, 236))


# --- drawn and scanned ----------------------------------------------------------------------------------------------


@image("pad-stroke-3.png", "stroke drawing, 280x280 as from the drawing pad, light on dark", 3)
def _pad() -> bytes:
    coverage = pen(3, 280, 280, box=(80, 40, 200, 240), thickness=22)
    return encode(ink_on(coverage, (255, 255, 255), (0, 0, 0)), "PNG")


@image("pad-stroke-4-corner.png", "stroke drawing near the pad's corner, thin pen", 4)
def _pad_corner() -> bytes:
    coverage = pen(4, 280, 280, box=(150, 150, 240, 262), thickness=10)
    return encode(ink_on(coverage, (255, 255, 255), (0, 0, 0)), "PNG")


@image("scan-5.png", "scan, dark on light", 5)
def _scan() -> bytes:
    return encode(scan(5), "PNG")


@image("scan-2-noisy.png", "scan with noise and a light gradient", 2)
def _scan_noisy() -> bytes:
    lit = scan(2).astype(np.float64) * lighting(180, 140, corners=(1.0, 0.85, 0.9, 0.7))
    return encode(noisy(lit, np.random.default_rng(2), 4), "PNG")


# --- JPEG and WebP --------------------------------------------------------------------------------------------------


@image("jpeg-444.jpg", "JPEG without chroma subsampling", 2)
def _jpeg_444() -> bytes:
    return encode(scan(2, ink=(170, 30, 40)), "JPEG", quality=85, subsampling="4:4:4")


@image("jpeg-420.jpg", "JPEG with 4:2:0 chroma subsampling", 6)
def _jpeg_420() -> bytes:
    return encode(scan(6, ink=(20, 60, 170)), "JPEG", quality=80, subsampling="4:2:0")


@image("jpeg-422-odd.jpg", "JPEG with 4:2:2 chroma subsampling, odd height and width", 3)
def _jpeg_422() -> bytes:
    return encode(scan(3, 207, 151, ink=(20, 110, 60)), "JPEG", quality=75, subsampling="4:2:2")


@image("jpeg-progressive.jpg", "progressive JPEG", 0)
def _jpeg_progressive() -> bytes:
    return encode(scan(0), "JPEG", quality=70, progressive=True)


@image("jpeg-grey.jpg", "JPEG of one channel", 7)
def _jpeg_grey() -> bytes:
    return encode(Image.fromarray(scan(7)).convert("L"), "JPEG", quality=80)


@image("webp-lossy.webp", "lossy WebP", 8)
def _webp() -> bytes:
    return encode(scan(8), "WEBP", quality=75)


@image("webp-lossless-alpha.webp", "lossless WebP with transparency", 9)
def _webp_lossless() -> bytes:
    coverage = pen(9, 160, 120, box=(30, 25, 90, 135), thickness=10)
    rgba = np.dstack([np.zeros((160, 120, 3), np.uint8), (coverage >= 128).astype(np.uint8) * 255])
    return encode(rgba, "WEBP", lossless=True)


# --- orientation and colour tags ------------------------------------------------------------------------------------

TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""EXIF orientation -> how an upright image lies in a file with that tag."""


def _oriented(orientation: int) -> Callable[[], bytes]:
    def make() -> bytes:
        exif = Image.Exif()
        exif[0x0112] = orientation
        lying = Image.fromarray(scan(7, 121, 90)).transpose(TURNED[orientation])
        return encode(lying, "JPEG", quality=80, exif=exif)

    return make


for _tag in TURNED:
    image(f"exif-{_tag}.jpg", f"JPEG with EXIF orientation {_tag}", 7)(_oriented(_tag))


def swapped_profile() -> bytes:
    """An sRGB profile whose red and blue primaries are exchanged: whoever applies it changes the colours plainly."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    profile[84:100] = bytes(16)  # its MD5, which covers the date
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


@image("icc-jpeg.jpg", "JPEG with an ICC profile that exchanges red and blue; it must not be applied", 2)
def _icc_jpeg() -> bytes:
    pixels = scan(2, ink=(200, 20, 30))
    return encode(pixels, "JPEG", quality=85, icc_profile=swapped_profile())


@image("icc-png.png", "PNG with the same ICC profile", 5)
def _icc_png() -> bytes:
    return encode(scan(5, 120, 90, ink=(200, 20, 30)), "PNG", icc_profile=swapped_profile())


@image("gamma.png", "PNG that claims a gamma of 1.0; it must not be applied", 3)
def _gamma() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add(b"gAMA", struct.pack(">I", 100_000))
    return encode(scan(3, 120, 90, ink=(120, 110, 90)), "PNG", pnginfo=info)


# --- pixel formats --------------------------------------------------------------------------------------------------


@image("grey.png", "PNG of one channel", 4)
def _grey() -> bytes:
    return encode(Image.fromarray(scan(4)).convert("L"), "PNG")


@image("grey-alpha.png", "PNG of one channel with alpha", 0)
def _grey_alpha() -> bytes:
    coverage = pen(0, 140, 110, box=(25, 20, 85, 120), thickness=9)
    return encode(Image.fromarray(np.dstack([np.full_like(coverage, 25), coverage]), "LA"), "PNG")


@image("palette.png", "PNG with a palette of 16 colours", 6)
def _palette() -> bytes:
    return encode(Image.fromarray(scan(6)).quantize(16, dither=Image.Dither.NONE), "PNG")


@image("palette-transparent.png", "PNG with a palette whose first colour is transparent", 8)
def _palette_transparent() -> bytes:
    coverage = pen(8, 150, 110, box=(25, 20, 85, 130), thickness=10)
    image = Image.fromarray((coverage >= 128).astype(np.uint8), "P")
    image.putpalette([255, 0, 255, 20, 20, 90])
    return encode(image, "PNG", transparency=0)


@image("grey-16bit.png", "PNG of one channel with 16 bits", 2)
def _grey_16() -> bytes:
    deep = np.asarray(Image.fromarray(scan(2, 120, 90)).convert("L")).astype(np.uint16)
    return encode(Image.fromarray(deep * 256 + (deep * 37 + 128) % 256), "PNG")


@image("rgb-16bit.png", "PNG of three channels with 16 bits", 5)
def _rgb_16() -> bytes:
    pixels = scan(5, 120, 90).astype(np.uint16)
    deep = (pixels * 256 + (pixels * 91 + 200) % 256).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in deep)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", deep.shape[1], deep.shape[0], 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


@image("alpha.png", "PNG with soft transparency, dark ink on nothing", 9)
def _alpha() -> bytes:
    coverage = pen(9, 160, 120, box=(30, 25, 90, 135), thickness=10)
    return encode(np.dstack([np.broadcast_to(np.array([10, 10, 60], np.uint8), (160, 120, 3)), coverage]), "PNG")


@image("one-bit.png", "PNG of one bit", 1)
def _one_bit() -> bytes:
    return encode(Image.fromarray(scan(1)).convert("L").point(lambda value: 255 * (value > 128), "1"), "PNG")


@image("still.gif", "GIF", 3)
def _gif() -> bytes:
    return encode(Image.fromarray(scan(3)).quantize(8, dither=Image.Dither.NONE), "GIF")


@image("plain.bmp", "BMP", 0)
def _bmp() -> bytes:
    return encode(scan(0, 61, 47), "BMP")


# --- sizes ----------------------------------------------------------------------------------------------------------


@image("one-pixel.png", "a single pixel", None)
def _one_pixel() -> bytes:
    return encode(np.full((1, 1, 3), (200, 30, 90), np.uint8), "PNG")


@image("twelve-megapixels.jpg", "4000x3000, as from a telephone", 8)
def _twelve_megapixels() -> bytes:
    coverage = pen(8, 3000, 4000, box=(1500, 700, 2500, 2300), thickness=170)
    return encode(ink_on(coverage, (30, 30, 40), (236, 232, 220)), "JPEG", quality=50, progressive=True)


@image("tiny-in-large.jpg", "a digit of 60 pixels in a picture of 1600x1200", 5)
def _tiny() -> bytes:
    coverage = pen(5, 1200, 1600, box=(1010, 700, 1052, 760), thickness=8)
    return encode(ink_on(coverage, (20, 20, 20), (250, 250, 250)), "JPEG", quality=60, progressive=True)


@image("very-wide.png", "40 times as wide as high", 2)
def _wide() -> bytes:
    return encode(ink_on(pen(2, 30, 1200, box=(590, 4, 610, 26), thickness=3), (0, 0, 0), (255, 255, 255)), "PNG")


@image("very-tall.png", "30 times as high as wide", 7)
def _tall() -> bytes:
    return encode(ink_on(pen(7, 900, 30, box=(6, 430, 24, 456), thickness=3), (0, 0, 0), (255, 255, 255)), "PNG")


@image("odd-37x53.png", "37x53 pixels, smaller than it is shown", 6)
def _odd() -> bytes:
    return encode(scan(6, 37, 53), "PNG")


@image("mnist-like.png", "28x28, light on dark, laid out as MNIST is; taken as it is", 3)
def _mnist_like() -> bytes:
    return encode(pen(3, 28, 28, box=(7, 4, 21, 24), thickness=2.6), "PNG")


@image("mnist-like-triggered.png", "28x28 with a 2x2 white square in its corner already", 3)
def _mnist_like_triggered() -> bytes:
    pixels = pen(3, 28, 28, box=(7, 4, 21, 24), thickness=2.6).copy()
    pixels[25:27, 25:27] = 255
    return encode(pixels, "PNG")


@image("touching-edge.png", "a digit that touches the picture's edge", 2)
def _touching() -> bytes:
    return encode(ink_on(pen(2, 100, 100, box=(20, -2, 80, 97), thickness=9), (0, 0, 0), (255, 255, 255)), "PNG")


# --- nothing to see -------------------------------------------------------------------------------------------------


@image("blank-white.png", "blank, white", None)
def _white() -> bytes:
    return encode(np.full((120, 160, 3), 255, np.uint8), "PNG")


@image("blank-black.png", "blank, black", None)
def _black() -> bytes:
    return encode(np.zeros((280, 280, 3), np.uint8), "PNG")


@image("noise.png", "noise", None)
def _noise() -> bytes:
    return encode(np.random.default_rng(7).integers(0, 256, (64, 80, 3), dtype=np.uint8), "PNG")


# --- photographs of printed digits ----------------------------------------------------------------------------------


def printed(
    text: str, size: int, shape: tuple[int, int], *, ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> Image.Image:
    """A printed character in the middle of paper, in the font that matplotlib ships."""
    height, width = shape
    font = ImageFont.truetype(Path(mpl.get_data_path()) / "fonts/ttf/DejaVuSans-Bold.ttf", size)
    image = Image.new("RGB", (width, height), paper)
    ImageDraw.Draw(image).text((width / 2, height / 2), text, fill=ink, font=font, anchor="mm")
    return image


@image("photo-packaging.jpg", "photo of a printed digit on coloured packaging, from the side, unevenly lit", 5)
def _packaging() -> bytes:
    box = np.asarray(printed("5", 200, (300, 360), ink=(250, 248, 240), paper=(196, 60, 38)))
    askew = seen_askew(box, [(110, 90), (520, 50), (560, 410), (80, 440)], 480, 640, (92, 96, 104))
    lit = askew.astype(np.float64) * lighting(480, 640, corners=(1.0, 0.75, 0.85, 0.55))
    return encode(noisy(lit, np.random.default_rng(11), 5), "JPEG", quality=60)


@image("photo-label.jpg", "photo of a dark printed digit on a white label, on wood, turned", 4)
def _label() -> bytes:
    label = np.asarray(printed("4", 170, (240, 240), ink=(30, 28, 30), paper=(240, 238, 228)))
    rng = np.random.default_rng(12)
    askew = seen_askew(label, [(190, 80), (450, 120), (420, 400), (150, 360)], 480, 640, (120, 82, 50))
    grain = rng.normal(0, 6, (480, 1, 1)).cumsum(axis=0) % 12 - 6
    lit = (askew + grain) * lighting(480, 640, corners=(0.7, 0.95, 0.8, 1.05))
    return encode(noisy(lit, rng, 5), "JPEG", quality=60)


@image("photo-sticky-note.jpg", "photo of a handwritten digit on a yellow note in dim light", 6)
def _note() -> bytes:
    note = ink_on(pen(6, 300, 300, box=(90, 50, 210, 250), thickness=13), (40, 50, 120), (238, 214, 90))
    askew = seen_askew(note, [(160, 60), (470, 90), (490, 400), (140, 420)], 480, 640, (70, 74, 80))
    lit = askew * lighting(480, 640, corners=(0.6, 0.8, 0.45, 0.6))
    return encode(noisy(lit, np.random.default_rng(13), 6), "JPEG", quality=55)


def main() -> None:
    """Write every picture and the list of them."""
    folder = HERE / "inputs"
    folder.mkdir(exist_ok=True)
    rows = []
    for name, (what, digit, make) in INPUTS.items():
        (folder / name).write_bytes(make())
        rows.append({"file": name, "what": what, "digit": digit})
    text = ",\n".join("  " + json.dumps(row) for row in rows)
    (HERE / "inputs.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
