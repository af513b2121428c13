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


def printed() -> bytes:
    """A JPEG of four inks, as printers take."""
    stream = io.BytesIO()
    inks = np.random.default_rng(2).integers(0, 256, (9, 11, 4), dtype=np.uint8)
    Image.fromarray(inks, "CMYK").save(stream, "JPEG", quality=100, subsampling=0)
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


def bitmap(
    bits: int, masks: tuple[int, ...] = (), *, header: int = 40, palette: bytes = b"", body: bytes = b"",
    stored: int | None = None, offset: int | None = None,
) -> bytes:  # fmt: skip
    """A BMP of 7 x 5 pixels, stored by its masks where it has some; without a `body`, of noise."""
    stride = (7 * bits + 31) // 32 * 4
    body = body or np.random.default_rng(bits).integers(0, 256, 5 * stride, dtype=np.uint8).tobytes()
    stored = (3 if masks else 0) if stored is None else stored
    entries = len(palette) // (3 if header == 12 else 4)
    fields = struct.pack("<iiHHIIiiII", 7, 5, 1, bits, stored, len(body), 2835, 2835, entries, 0)
    fields = struct.pack("<4H", 7, 5, 1, bits) if header == 12 else fields
    named = struct.pack(f"<{len(masks)}I", *masks)
    head = struct.pack("<I", header) + fields + (named if header == 40 else named.ljust(header - 40, b"\0")) + palette
    return b"BM" + struct.pack("<3I", 14 + len(head) + len(body), 0, offset or 14 + len(head)) + head + body


SIX_BITS, FIVE_BITS = (0xF800, 0x7E0, 0x1F), (0x7C00, 0x3E0, 0x1F)
BLACK_AND_WHITE = bytes([0, 0, 0, 0, 255, 255, 255, 0])
GREYS = bytes(value for index in range(256) for value in (index, index, index, 0))


def bitmaps() -> list[bytes]:
    """Colours of 5 and 6 bits in every header, and palettes: long, short, of greys, of black and white, run by run."""
    colours = np.random.default_rng(9).integers(0, 256, 1024, dtype=np.uint8).tobytes()
    run = b"".join(bytes([7, index, 0, 0]) for index in (0, 1, 100, 200, 255)) + b"\0\1"
    found = [bitmap(16, masks, header=size) for masks in (SIX_BITS, FIVE_BITS) for size in (40, 52, 56, 108, 124)]
    found += [bitmap(16), bitmap(16, header=124), bitmap(24), bitmap(32), bitmap(32, (0xFF0000, 0xFF00, 0xFF))]
    found += [bitmap(8, palette=run_of, body=run, stored=1) for run_of in (colours, GREYS, GREYS[:512])]
    for bits in (1, 4, 8):
        whole = 4 << bits
        found += [bitmap(bits, palette=palette) for palette in (colours[:whole], colours[: whole // 2], GREYS[:whole])]
        found += [bitmap(bits, palette=palette) for palette in (BLACK_AND_WHITE, GREYS[:4], GREYS[: whole // 2])]
        found += [bitmap(bits, header=12, palette=colours[: 3 << bits])]
    return found


def frame(palette: bytes = b"", block: bytes = b"") -> bytes:
    """A GIF of one pixel with a palette of the screen's, or none, after a block of an extension."""
    screen = struct.pack("<HHBBB", 1, 1, 0x80 if palette else 0, 0, 0) + palette
    return b"GIF89a" + screen + block + b"," + struct.pack("<4HB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00;"


def ambiguous() -> dict[str, bytes]:
    """What programs read differently, by what the error says."""
    with_alpha = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    return {
        "no palette": frame(),
        "palette": frame(block=b"!\xf9\x04\x00\x00\x00\x00\x00"),
        "within its header": bitmap(24, offset=50),
        "its header": bitmap(8, palette=GREYS, offset=54),
        "which bits": bitmap(32, (0, 0, 0)),
        "transparent parts": bitmap(16, (*FIVE_BITS, 0x8000), header=108),
        "has transparent": bitmap(32, with_alpha, header=124, stored=0),
    }


def stills() -> list[bytes]:
    """One of each other kind."""
    rng = np.random.default_rng(8)
    colours = (b"PLTE", rng.integers(0, 256, 9, dtype=np.uint8).tobytes())
    found = [
        corner(),
        printed(),
        frame(BLACK_AND_WHITE[:3] * 2),
        *bitmaps(),
        *(turned(number) for number in range(1, 9)),
    ]
    found += [of_camera(block) for block in EXIF.values()] + [of_camera(exif(), late=True)]
    found += [photo(block) for name, block in EXIF.items() if name != "with JPEG's header"]
    for bits in (1, 2, 4, 8, 16):
        values = rng.integers(0, 1 << bits, (6, 8))
        clear = (b"tRNS", struct.pack(">H", values[0, 0]))
        found += [still(values, bits, 0, clear), still(values, bits, 0, (b"tRNS", struct.pack(">H", 0x0101)))]
        if bits >= 8:
            triples = np.tile(values, 3)
            triples[0] = values[0, 0]
            triples[1] = values[0, 0] ^ 1
            found.append(still(triples, bits, 2, (b"tRNS", struct.pack(">3H", *triples[0, :3]))))
        if bits < 16:
            found += [still(values, bits, 3, colours), still(values, bits, 3, colours, (b"tRNS", b"\x00\x80\x40"))]
    return found


def main() -> None:
    """Print a JSON list of `{file, size, rgb}`: base64, height and width, and the pixels row by row.

    Without the latter two if it is ambiguous.
    """
    listed: list[dict[str, object]] = [{"file": base64.b64encode(file).decode()} for file in ambiguous().values()]
    for file in [*animations(), *stills()]:
        rgb = PIXEL_STEPS[Composite](Composite(), load(file, 100))
        listed.append({"file": base64.b64encode(file).decode(), "size": rgb.shape[:2], "rgb": rgb.ravel().tolist()})
    print(json.dumps(listed))


if __name__ == "__main__":
    main()
