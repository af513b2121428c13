"""Images that Pillow and browsers tend to read differently, in ways that Pillow does not write.

`python -m tests.export.pipeline.odd_images` prints them for the browser's test, each with its pixels on white.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib

import numpy as np
import numpy.typing as npt
from PIL import Image

from export.card.steps import Composite
from export.pipeline.image import load
from export.pipeline.pixel_steps import PIXEL_STEPS

Pixels = npt.NDArray[np.uint8]

COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
SIGNATURE = b"\x89PNG\r\n\x1a\n"
TAG, SHORT, LONG = 0x0112, 3, 4


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
        SIGNATURE,
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


def still(values: npt.NDArray[np.integer], bits: int, colour_type: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of values `(h, w)`; an image of colours has its channels in `w`."""
    spread = (values[..., None] >> np.arange(bits)[::-1]) & 1
    packed = np.packbits(spread.reshape(len(values), -1).astype(np.uint8), axis=1)
    width = values.shape[1] // (3 if colour_type == 2 else 1)
    return b"".join([
        SIGNATURE,
        chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(values), bits, colour_type, 0, 0, 0)),
        *(chunk(*each) for each in chunks),
        chunk(b"IDAT", rows(packed)),
        chunk(b"IEND", b""),
    ])  # fmt: skip


def exif(kind: int = SHORT, count: int = 1, value: int = 6) -> bytes:
    """A block that says how the camera was held."""
    number = struct.pack(">HH", value, 0) if kind == SHORT else struct.pack(">I", value)
    return struct.pack(">2sHIHHHI", b"MM", 42, 8, 1, TAG, kind, count) + number + bytes(4)


EXIF = {
    "one number": exif(),
    "of 32 bits": exif(LONG),
    "two numbers": exif(count=2),
    "no orientation": exif(value=9),
    "cut": exif()[:14],
    "with JPEG's header": b"Exif\0\0" + exif(),
}


def of_camera(block: bytes, *, late: bool = False) -> bytes:
    """A PNG with an EXIF block, before its pixels or after them."""
    body = np.random.default_rng(4).integers(0, 256, (3, 5), dtype=np.uint8)
    file = still(body, 8, 0)
    at = len(file) - 12 if late else 33
    return file[:at] + chunk(b"eXIf", block) + file[at:]


def photo(block: bytes) -> bytes:
    """A JPEG with an EXIF block."""
    stream = io.BytesIO()
    Image.fromarray(np.arange(0, 240, 4, dtype=np.uint8).reshape(6, 10)).save(stream, "JPEG", exif=b"Exif\0\0" + block)
    return stream.getvalue()


def turned(orientation: int) -> bytes:
    """An AVIF with an orientation."""
    stream, block = io.BytesIO(), Image.Exif()
    block[TAG] = orientation
    image = Image.fromarray(np.random.default_rng(6).integers(0, 256, (7, 5, 3), dtype=np.uint8))
    image.save(stream, "AVIF", exif=block.tobytes(), quality=100, subsampling="4:4:4")
    return stream.getvalue()


def corner() -> bytes:
    """A GIF whose first frame leaves most of it free."""
    screen = struct.pack("<HHBBB", 9, 8, 0x80, 1, 0) + bytes([10, 20, 30, 200, 210, 220])
    frame = b"," + struct.pack("<HHHHB", 3, 2, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + screen + frame + b";"


def stills() -> list[bytes]:
    """One of each other kind."""
    rng = np.random.default_rng(8)
    colours = (b"PLTE", rng.integers(0, 256, 9, dtype=np.uint8).tobytes())
    found = [corner(), *(turned(number) for number in range(1, 9))]
    found += [of_camera(block) for block in EXIF.values()] + [of_camera(exif(), late=True)]
    found += [photo(block) for name, block in EXIF.items() if name != "with JPEG's header"]
    for bits in (1, 2, 4, 8, 16):
        values = rng.integers(0, 1 << bits, (6, 8))
        clear = (b"tRNS", struct.pack(">H", values[0, 0]))
        found += [still(values, bits, 0, clear), still(values, bits, 0, (b"tRNS", struct.pack(">H", 0x0101)))]
        if bits < 16:
            found += [still(values, bits, 3, colours), still(values, bits, 3, colours, (b"tRNS", b"\x00\x80\x40"))]
    return found


def main() -> None:
    """Print a JSON list of `{file, size, rgb}`: base64, height and width, and the pixels row by row."""
    listed = []
    for file in [*animations(), *stills()]:
        rgb = PIXEL_STEPS[Composite](Composite(), load(file, 100))
        listed.append({"file": base64.b64encode(file).decode(), "size": rgb.shape[:2], "rgb": rgb.ravel().tolist()})
    print(json.dumps(listed))


if __name__ == "__main__":
    main()
