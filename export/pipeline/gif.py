"""What Pillow and browsers read differently in a GIF: one without colours, and the space around its first frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL.ImageFile import ImageFile

_SCREEN_END = 13
_HAS_PALETTE = 0x80
_EXTENSION, _FRAME = b"!", b","


def ambiguity(data: bytes) -> str | None:
    """Why programs read a GIF differently, or None."""
    if data[10] & _HAS_PALETTE:
        return None
    at = _SCREEN_END
    while data[at : at + 1] == _EXTENSION:
        at += 2
        while data[at]:
            at += 1 + data[at]
        at += 1
    if data[at : at + 1] == _FRAME and not data[at + 9] & _HAS_PALETTE:
        return "it has no palette"
    return None


def rgba(image: ImageFile, _data: bytes) -> npt.NDArray[np.uint8]:
    """The first frame as `(h, w, 4) uint8`, with nothing around it."""
    left, top, right, bottom = image.tile[0].extents or (0, 0, *image.size)
    pixels = np.zeros((image.height, image.width, 4), np.uint8)
    pixels[top:bottom, left:right] = np.asarray(image.convert("RGBA"))[top:bottom, left:right]
    return pixels
