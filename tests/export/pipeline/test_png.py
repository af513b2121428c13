from __future__ import annotations

import struct

import numpy as np
import pytest

from export.pipeline.image import decode
from tests.export.pipeline.odd_images import still


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_the_grey_that_stands_for_transparency_is_compared_as_it_is_stored(bits: int) -> None:
    most = (1 << bits) - 1
    values = np.array([[0, 1, most]])
    found, _ = decode(still(values, bits, 0, (b"tRNS", struct.pack(">H", 1))), 100)
    assert found[0, :, 3].tolist() == ([255, 0, 0] if bits == 1 else [255, 0, 255])


def test_an_index_beyond_the_palette_means_its_last_colour() -> None:
    palette = [(b"PLTE", bytes([1, 2, 3, 4, 5, 6])), (b"tRNS", b"\x07\x09")]
    found, _ = decode(still(np.array([[0, 1, 9]]), 4, 3, *palette), 100)
    assert found[0].tolist() == [[1, 2, 3, 7], [4, 5, 6, 9], [4, 5, 6, 9]]


def test_a_colour_of_sixteen_bits_that_stands_for_transparency_is_told_from_its_neighbours() -> None:
    values = np.array([[1, 2, 3, 1, 2, 4, 257, 2, 3]])
    found, _ = decode(still(values, 16, 2, (b"tRNS", struct.pack(">3H", 1, 2, 3))), 100)
    assert found[0].tolist() == [[0, 0, 0, 0], [0, 0, 0, 255], [1, 0, 0, 255]]
