"""The first frame of an animated PNG whose first image is none of its frames (Portable Network Graphics, section 4.9).

Pillow lays that frame over the image that comes first; a browser lays it over nothing.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Frame:
    """The first frame, and where it lies in the animation."""

    file: bytes
    """A PNG of its own."""
    left: int
    top: int


def first_frame(data: bytes) -> Frame | None:
    """The first frame of an animated PNG whose first image is none of its frames; None for any other PNG.

    Raises:
        ValueError: If the frame has no pixels or does not lie within the animation.
    """
    kept, pixels = [], []
    animated, control, header = False, b"", b""
    for kind, body in _chunks(data):
        if kind == b"IHDR":
            header = body
        elif kind == b"acTL":
            animated |= body[:4] != bytes(4)
        elif kind in {b"PLTE", b"tRNS"}:
            kept.append(_chunk(kind, body))
        elif kind == b"IDAT" and (control or not animated):
            return None  # its first image is the first frame, or it is no animation
        elif kind == b"fcTL":
            if control:
                break
            control = body
        elif kind == b"fdAT":
            pixels.append(body[4:])
    return _frame(header, control, kept, pixels) if animated else None


def _frame(header: bytes, control: bytes, kept: list[bytes], pixels: list[bytes]) -> Frame:
    width, height, left, top = struct.unpack(">4I", control[4:20].ljust(16, b"\0"))
    whole_width, whole_height = struct.unpack(">2I", header[:8])
    if not (pixels and width and height and left + width <= whole_width and top + height <= whole_height):
        raise ValueError("an animation without a first frame")
    head = [_SIGNATURE, _chunk(b"IHDR", control[4:12] + header[8:]), *kept]
    return Frame(b"".join([*head, _chunk(b"IDAT", b"".join(pixels)), _chunk(b"IEND", b"")]), left, top)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_SIGNATURE)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
