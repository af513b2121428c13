from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from export.pipeline.image import decode
from tests.export.pipeline.odd_images import animation

RED, BLUE = [255, 0, 0, 255], [0, 0, 255, 128]


@pytest.mark.parametrize("blend", [0, 1], ids=["in place", "over"])
def test_the_first_frame_stands_alone_and_not_over_the_image_that_is_no_frame(blend: int) -> None:
    still, part = np.full((6, 5, 4), RED, np.uint8), np.full((2, 3, 4), BLUE, np.uint8)
    expected = np.zeros((6, 5, 4), np.uint8)
    expected[3:5, 1:4] = BLUE
    found, _ = decode(animation(still, part, top=3, left=1, blend=blend), 100)
    np.testing.assert_array_equal(found, expected)


def test_an_animation_of_a_palette_keeps_its_colours_and_its_transparency() -> None:
    still, first = (Image.new("P", (4, 4), colour) for colour in (1, 2))
    for image in (still, first):
        image.putpalette([9, 9, 9, 255, 0, 0, 0, 0, 255])
    first.putpixel((0, 0), 0)
    stream = io.BytesIO()
    still.save(stream, "PNG", save_all=True, append_images=[first, still], default_image=True, transparency=0)
    found, _ = decode(stream.getvalue(), 100)
    assert found[1, 1].tolist() == [0, 0, 255, 255]
    assert found[0, 0, 3] == 0
