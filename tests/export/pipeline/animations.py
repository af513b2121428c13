"""Animated PNGs whose first image is no frame, in ways that Pillow does not write.

`python -m tests.export.pipeline.animations` prints them for the browser's test, each with its pixels on white.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib

import numpy as np
import numpy.typing as npt

from export.card.steps import Composite
from export.pipeline.image import decode
from export.pipeline.pixel_steps import PIXEL_STEPS

Pixels = npt.NDArray[np.uint8]

COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def rows(pixels: Pixels) -> bytes:
    return zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels))


def animation(still: Pixels, first: Pixels, *, top: int = 0, left: int = 0, dispose: int = 0, blend: int = 0) -> bytes:
    """A still image, then a first frame at its place, then the still image again as the second one."""
    height, width, channels = still.shape

    def control(number: int, pixels: Pixels, top: int, left: int) -> bytes:
        size = struct.pack(">5I", number, pixels.shape[1], pixels.shape[0], left, top)
        return chunk(b"fcTL", size + struct.pack(">HHBB", 1, 10, dispose, blend))

    return b"".join([
        b"\x89PNG\r\n\x1a\n",
        chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[channels], 0, 0, 0)),
        chunk(b"acTL", struct.pack(">II", 2, 0)),
        chunk(b"IDAT", rows(still)),
        control(0, first, top, left),
        chunk(b"fdAT", struct.pack(">I", 1) + rows(first)),
        control(2, still, 0, 0),
        chunk(b"fdAT", struct.pack(">I", 3) + rows(still)),
        chunk(b"IEND", b""),
    ])  # fmt: skip


def animations() -> list[bytes]:
    """First frames that fill the image or a part of it, opaque or not, of every kind of PNG without a palette."""
    rng = np.random.default_rng(5)
    found = []
    for channels in COLOUR_TYPES:
        still, whole, part = (
            rng.integers(0, 256, (*size, channels), dtype=np.uint8) for size in ((6, 5), (6, 5), (2, 3))
        )
        for dispose in (0, 1, 2):
            for blend in (0, 1):
                found.append(animation(still, whole, dispose=dispose, blend=blend))
                found.append(animation(still, part, top=3, left=1, dispose=dispose, blend=blend))
    return found


def main() -> None:
    """Print a JSON list of `{file, rgb}`: base64, and the pixels row by row."""
    listed = []
    for file in animations():
        rgb = PIXEL_STEPS[Composite](Composite(), decode(file, 100)[0])
        listed.append({"file": base64.b64encode(file).decode(), "rgb": rgb.ravel().tolist()})
    print(json.dumps(listed))


if __name__ == "__main__":
    main()
