"""What Pillow and browsers read differently in a PNG: values that stand for transparency, and short palettes."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

_DEPTH_AT = 24
"""Where the header says how many bits a value has."""


def rgba(image: Image.Image, data: bytes) -> npt.NDArray[np.uint8] | None:
    """The image as `(h, w, 4) uint8` where Pillow would convert it otherwise; None where it does it right.

    Args:
        image: A PNG that Pillow has opened.
        data: Its file.
    """
    depth, clear = data[_DEPTH_AT], image.info.get("transparency")
    if image.mode == "P" and image.palette is not None and image.palette.palette:
        return _of_palette(np.asarray(image), bytes(image.palette.palette), clear)
    if image.mode in {"1", "L", "I;16"} and isinstance(clear, int):
        grey = np.asarray(image) if depth == 16 else np.asarray(image.convert("L"))
        most = (1 << depth) - 1
        wanted = clear & most if depth >= 8 else (clear & most) * (255 // most)
        shown = (grey >> 8).astype(np.uint8) if depth == 16 else grey
        return np.dstack([shown, shown, shown, np.where(grey == wanted, np.uint8(0), np.uint8(255))])
    if image.mode == "RGB" and depth == 16 and clear is not None:
        high, colour = np.asarray(image), np.array(clear)
        is_clear = ((high == colour >> 8) & (_low_bytes(data) == colour & 255)).all(axis=2)
        return np.dstack([high, np.where(is_clear, np.uint8(0), np.uint8(255))])
    return None


def _low_bytes(data: bytes) -> npt.NDArray[np.uint8]:
    """Of colours of 16 bits, the byte that Pillow leaves out."""
    image = Image.open(io.BytesIO(data))
    image.tile = [part._replace(args="RGB;16L") for part in image.tile]
    return np.asarray(image)


def _of_palette(indices: npt.NDArray[np.uint8], colours: bytes, clear: Any) -> npt.NDArray[np.uint8]:  # noqa: ANN401
    """The colours of a palette; an index beyond its end means its last colour."""
    table = np.full((len(colours) // 3, 4), 255, np.uint8)
    table[:, :3] = np.frombuffer(colours, np.uint8)[: 3 * len(table)].reshape(-1, 3)
    if isinstance(clear, bytes):
        alpha = np.frombuffer(clear, np.uint8)[: len(table)]
        table[: len(alpha), 3] = alpha
    elif isinstance(clear, int) and clear < len(table):
        table[clear, 3] = 0
    return table[np.minimum(indices, len(table) - 1)]
