"""What Pillow and browsers read differently in a BMP: what its header leaves open, and palettes of greys."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL.ImageFile import ImageFile

_FILE_HEADER = 14
_SHORT = 12
"""Bytes of the oldest header, whose fields are shorter."""
_RAW, _RLE, _MASKS = 0, (1, 2), 3
"""How the pixels are stored."""


class _Header(NamedTuple):
    offset: int
    """Where the pixels begin."""
    size: int
    width: int
    height: int
    """Negative where the first row is the top one."""
    bits: int
    stored: int
    colours: int
    """Of the palette."""
    red: int
    green: int
    blue: int
    alpha: int

    @classmethod
    def read(cls, data: bytes) -> _Header:
        offset, size = struct.unpack_from("<II", data, 10)
        if size == _SHORT:
            width, height, _, bits = struct.unpack_from("<4H", data, 18)
            return cls(offset, size, width, height, bits, _RAW, 1 << bits, 0, 0, 0, 0)
        width, height, _, bits, stored = struct.unpack_from("<iiHHI", data, 18)
        (colours,) = struct.unpack_from("<I", data, 46)
        red, green, blue, alpha = struct.unpack("<4I", data[54:70].ljust(16, b"\0"))
        alpha = alpha if size >= 56 and size != 64 else 0
        return cls(offset, size, width, height, bits, stored, colours or 1 << bits, red, green, blue, alpha)


def ambiguity(data: bytes) -> str | None:
    """Why programs read a BMP differently, or None."""
    header = _Header.read(data)
    if header.offset < _FILE_HEADER + header.size + (header.bits <= 8):  # there, the palette follows
        return "its pixels begin within its header"
    if header.stored == _MASKS and not (header.red or header.green or header.blue):
        return "it does not say which bits are which colour"
    if header.alpha and ((header.bits, header.stored) in {(16, _MASKS), (32, _RAW)}):
        return "it is unclear whether it has transparent parts"
    return None


def rgba(image: ImageFile, data: bytes) -> npt.NDArray[np.uint8] | None:
    """A BMP with a palette as `(h, w, 4) uint8`; None for any other.

    Pillow takes indices for greys where the palette begins like that of all greys, and one bit for a pixel where it is
    black and white. Indices beyond the palette are black.

    Raises:
        ValueError: If the file ends before its pixels do.
    """
    header = _Header.read(data)
    if header.stored in _RLE and image.mode == "L":
        grey = np.asarray(image)
        shown = np.where(grey < header.colours, grey, np.uint8(0))
        return np.dstack([shown, shown, shown, np.full_like(shown, 255)])
    if header.bits > 8 or header.stored != _RAW:
        return None
    entry = 3 if header.size == _SHORT else 4
    colours = np.frombuffer(data, np.uint8)[_FILE_HEADER + header.size :][: entry * min(header.colours, 256)]
    colours = colours[: len(colours) // entry * entry].reshape(-1, entry)
    table = np.zeros((256, 4), np.uint8)
    table[:, 3] = 255
    table[: len(colours), :3] = colours[:, 2::-1]
    stride, height = (header.width * header.bits + 31) // 32 * 4, abs(header.height)
    rows = np.frombuffer(data, np.uint8, stride * height, header.offset).reshape(height, stride, 1)
    shifts = np.arange(8 - header.bits, -1, -header.bits, dtype=np.uint8)
    indices = ((rows >> shifts) & ((1 << header.bits) - 1)).reshape(height, -1)[:, : header.width]
    found: npt.NDArray[np.uint8] = table[indices[::-1] if header.height > 0 else indices]
    return found
