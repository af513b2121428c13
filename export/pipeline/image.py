"""An image's file, or its pixels, to upright pixels, decoded as a browser does it."""

from __future__ import annotations

import io
import warnings

import numpy as np
import numpy.typing as npt
from PIL import Image

from export.pipeline.apng import first_frame
from training.core.errors import UserError

Pixels = npt.NDArray[np.uint8]
"""One image, `(h, w, c) uint8`, or a batch of them."""

ORIENTATION_TAG = 0x0112


class ImageError(UserError):
    """An image that cannot be read or does not fit the pipeline."""


def load(source: bytes | Pixels, max_pixels: int) -> tuple[Pixels, Pixels]:
    """The image as its file stores it, and turned upright; the same twice for pixels, which are upright.

    Args:
        source: The bytes of an image file, or pixels `(h, w, 1 | 3 | 4) uint8`.
        max_pixels: A file with more is refused before it is decoded.

    Raises:
        ImageError: If the source is neither.
    """
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] not in (1, 3, 4) or 0 in source.shape:
            raise ImageError(f"expected pixels (h, w, 1, 3 or 4) uint8, got {source.shape} {source.dtype}")
        return source, source
    pixels, orientation = decode(source, max_pixels)
    return pixels, _turn(pixels, orientation)


def decode(data: bytes, max_pixels: int) -> tuple[Pixels, int]:
    """Decode an image file as a browser does: no colour management, the first frame, 16 bits cut to 8.

    Returns:
        RGBA, `(h, w, 4) uint8`, and the EXIF orientation, 1 to 8.

    Raises:
        ImageError: If the bytes are not an image, a damaged one, or one of more than `max_pixels`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
            stands_in = image.format == "PNG" and image.info.get("default_image")
            if stands_in:
                image.seek(1)  # the first image of an animation may be for those who cannot show it
            if image.width * image.height > max_pixels:
                raise ImageError(
                    f"the image has {image.width}x{image.height} pixels, more than {max_pixels:,}: make it smaller"
                )
            rgba = _to_rgba(image)
            if stands_in:
                rgba = _alone(data, rgba)
            orientation = _orientation(image)
    except ImageError:
        raise
    except Exception as error:  # a decoder raises what it likes for a damaged file
        raise ImageError(f"not a readable image ({type(error).__name__}): use PNG, JPEG or WebP") from error
    return rgba, orientation


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation where browsers respect it: in JPEG and PNG, not in WebP, and never from XMP."""
    if image.format not in ("JPEG", "MPO", "PNG"):
        return 1
    exif = Image.Exif()
    exif.load(image.info.get("exif", b""))
    orientation = exif.get(ORIENTATION_TAG, 1)
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _to_rgba(image: Image.Image) -> Pixels:
    if image.mode.startswith("F") or (image.mode == "I" and image.format == "TIFF"):
        raise ImageError(
            f"its pixels are numbers of 32 bits, whose range it does not say ({image.mode}): save it as PNG"
        )
    if image.mode.startswith("I;16") or image.mode == "I":
        high_byte = (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
        image = Image.fromarray(high_byte)
    return np.asarray(image.convert("RGBA"))


def _alone(data: bytes, composed: Pixels) -> Pixels:
    """An animation's first frame with nothing around it; `composed` is what Pillow makes of it."""
    file, left, top = first_frame(data)
    frame = _to_rgba(Image.open(io.BytesIO(file)))
    canvas = np.zeros_like(composed)
    canvas[top : top + frame.shape[0], left : left + frame.shape[1]] = frame
    return canvas


def _turn(pixels: Pixels, orientation: int) -> Pixels:
    """Undo an EXIF orientation (Exif 2.32, tag 0x0112)."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
