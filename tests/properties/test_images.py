"""Whatever an image's file holds, it is decoded or refused in one line."""

from __future__ import annotations

import io

import numpy as np
from hypothesis import event, given
from hypothesis import strategies as st
from PIL import Image

from export.pipeline import interpreter
from export.pipeline.image import ImageError
from export.pipeline.presets import digits_pipeline
from tests.export.pipeline.odd_images import animations, stills
from tests.properties.strategies import damaged, in_one_line, many

MOST = 10_000


def files() -> list[bytes]:
    """A small image in every format that Pillow writes, and a few of their kinds."""
    noise = np.random.default_rng(2).integers(0, 256, (24, 17, 4), dtype=np.uint8)
    found = []
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "ICO", "PPM", "TGA", "JPEG2000"):
        for mode in ("RGBA", "RGB", "L", "P", "1", "I;16", "F", "CMYK", "LAB"):
            buffer = io.BytesIO()
            try:
                image = Image.fromarray(noise)
                image = Image.fromarray(noise[..., 0].astype(np.uint16)) if mode == "I;16" else image.convert(mode)
                image.save(buffer, kind)
            except (OSError, KeyError, ValueError):
                continue
            found.append(buffer.getvalue())
    animation, frames = io.BytesIO(), [Image.new("RGB", (9, 9), (value, 0, 0)) for value in (1, 90, 200)]
    frames[0].save(animation, "PNG", save_all=True, append_images=frames[1:], default_image=True)
    return [*found, animation.getvalue(), *animations(), *stills()]


FILES = files()
PIPELINE = digits_pipeline()


@many
@given(data=damaged(FILES) | st.binary(max_size=200))
def test_an_image_is_decoded_or_refused_in_one_line(data: bytes) -> None:
    try:
        made = interpreter.run(PIPELINE, data)
    except ImageError as error:
        in_one_line(error)
        return
    event("answered")
    assert made.tensor.shape == (1, 1, 28, 28)
