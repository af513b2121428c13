"""The first frame of an animated PNG whose first image is none of its frames (Portable Network Graphics, section 4.9).

Pillow lays that frame over the image that comes first; a browser lays it over nothing.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def first_frame(data: bytes) -> tuple[bytes, int, int]:
    """The frame as a PNG of its own, and the column and row of the animation at which it begins.

    Args:
        data: An animated PNG that Pillow has read, so its chunks are whole and in order.
    """
    kept, pixels = [], []
    left = top = 0
    size = b""
    for kind, body in _chunks(data):
        if kind == b"IHDR":
            header = body
        elif kind in {b"PLTE", b"tRNS"}:
            kept.append(_chunk(kind, body))
        elif kind == b"fcTL" and size:
            break
        elif kind == b"fcTL":
            size, (left, top) = body[4:12], struct.unpack(">2I", body[12:20])
        elif kind == b"fdAT":
            pixels.append(body[4:])
    head = [_SIGNATURE, _chunk(b"IHDR", size + header[8:]), *kept]
    return b"".join([*head, _chunk(b"IDAT", b"".join(pixels)), _chunk(b"IEND", b"")]), left, top


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_SIGNATURE)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        yield data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        place += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
