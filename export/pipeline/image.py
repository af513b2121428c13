"""An image's file, or its pixels, to upright pixels, decoded as a browser does it."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.ImageFile import ImageFile

from export.pipeline import bmp, gif, png
from export.pipeline.apng import Frame, first_frame
from export.pipeline.orientation import UPRIGHT, orientation_of
from training.core.errors import UserError

Pixels = npt.NDArray[np.uint8]
"""One image, `(h, w, c) uint8`, or a batch of them."""


_AMBIGUITY: dict[str | None, Callable[[bytes], str | None]] = {"BMP": bmp.ambiguity, "GIF": gif.ambiguity}
_RGBA: dict[str | None, Callable[[ImageFile, bytes], Pixels | None]] = {
    "BMP": bmp.rgba, "GIF": gif.rgba, "PNG": png.rgba,
}  # fmt: skip
"""By the format: what Pillow reads otherwise than browsers do; None where it does it right."""


class ImageError(UserError):
    """An image that cannot be read or does not fit the pipeline."""


def load(source: bytes | Pixels, max_pixels: int) -> Pixels:
    """The image, upright: browsers turn a file's in any case.

    Args:
        source: The bytes of an image file, or pixels `(h, w, 1 | 3 | 4) uint8`.
        max_pixels: A file with more is refused before it is decoded.

    Raises:
        ImageError: If the source is neither.
    """
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] not in (1, 3, 4) or 0 in source.shape:
            raise ImageError(f"expected pixels (h, w, 1, 3 or 4) uint8, got {source.shape} {source.dtype}")
        return source
    return _turn(*decode(source, max_pixels))


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
            if image.width * image.height > max_pixels:
                raise ImageError(
                    f"the image has {image.width}x{image.height} pixels, more than {max_pixels:,}: make it smaller"
                )
            turned = _orientation(image)  # before it is decoded: browsers heed what stands before the pixels
            frame = first_frame(data) if image.format == "PNG" else None
            rgba = _to_rgba(image, data) if frame is None else _alone(frame, image.size)
    except ImageError:
        raise
    except Exception as error:  # a decoder raises what it likes for a damaged file
        raise ImageError(f"not a readable image ({type(error).__name__}): use PNG, JPEG or WebP") from error
    return rgba, turned


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation where browsers respect it: in JPEG, PNG and AVIF, not in WebP, and never from XMP.

    AVIF has one of its own, which Pillow puts into the EXIF block.
    """
    known = image.format in {"JPEG", "MPO", "PNG", "AVIF"}
    return orientation_of(image.info.get("exif", b"")) if known else UPRIGHT


def _to_rgba(image: ImageFile, data: bytes) -> Pixels:
    if image.mode.startswith("F") or (image.mode == "I" and image.format == "TIFF"):
        raise ImageError(
            f"its pixels are numbers of 32 bits, whose range it does not say ({image.mode}): save it as PNG"
        )
    unclear = _AMBIGUITY[image.format](data) if image.format in _AMBIGUITY else None
    if unclear:
        raise ImageError(f"it can be read in more than one way, because {unclear}: save it as PNG")
    pixels = _RGBA[image.format](image, data) if image.format in _RGBA else None
    if pixels is not None:
        return pixels
    if image.mode.startswith("I;16") or image.mode == "I":
        high_byte = (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
        return np.asarray(Image.fromarray(high_byte).convert("RGBA"))
    if image.mode == "CMYK":
        return _of_inks(np.asarray(image))
    return np.asarray(image.convert("RGBA"))


def _of_inks(cmyk: Pixels) -> Pixels:
    """Colours printed with four inks as browsers convert them: they cut off where Pillow rounds."""
    light = 255 - cmyk
    through = light[..., 3].astype(np.uint16)
    for channel in range(3):
        light[..., channel] = light[..., channel] * through // 255
    light[..., 3] = 255
    return light


def _alone(frame: Frame, size: tuple[int, int]) -> Pixels:
    """An animation's first frame with nothing around it."""
    found = _to_rgba(Image.open(io.BytesIO(frame.file)), frame.file)
    canvas = np.zeros((size[1], size[0], 4), np.uint8)
    canvas[frame.top : frame.top + found.shape[0], frame.left : frame.left + found.shape[1]] = found
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
