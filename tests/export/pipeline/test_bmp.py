from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from export.pipeline.image import ImageError, decode
from tests.export.pipeline.odd_images import BLACK_AND_WHITE, GREYS, ambiguous, bitmap

INDICES = np.arange(35, dtype=np.uint8).reshape(5, 7)


def padded(indices: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> bytes:
    """Rows from the bottom, each of a multiple of four bytes."""
    return np.pad(indices[::-1], [(0, 0), (0, 1)]).tobytes()


@pytest.mark.parametrize("bits", [4, 8])
def test_black_and_white_is_read_with_as_many_bits_as_there_are(bits: int) -> None:
    """A scan that was cut to two colours, as many programs write it."""
    values = INDICES % 2
    wide = padded(values)
    body = wide if bits == 8 else bytes(16 * a + b for a, b in zip(wide[::2], wide[1::2], strict=True))
    found, _ = decode(bitmap(bits, palette=BLACK_AND_WHITE, body=body), 100)
    assert np.array_equal(found[..., 0], values * 255)


def test_an_index_beyond_the_palette_is_black() -> None:
    file = bitmap(8, palette=GREYS[:40], body=padded(INDICES))
    assert np.array_equal(decode(file, 100)[0][..., 1], np.where(INDICES < 10, INDICES, 0))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_what_pillow_writes_is_read_as_it_was(mode: str) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (9, 13, 3), dtype=np.uint8)).convert(mode)
    stream = io.BytesIO()
    noise.save(stream, "BMP")
    assert np.array_equal(decode(stream.getvalue(), 200)[0][..., :3], np.asarray(noise.convert("RGB")))


@pytest.mark.parametrize("why", ambiguous())
def test_what_programs_read_differently_is_refused(why: str) -> None:
    with pytest.raises(ImageError, match=f"in more than one way, because .*{why}.*: save it as PNG"):
        decode(ambiguous()[why], 100)
