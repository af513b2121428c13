"""Photographs varied, so that networks trained on close crops also know the subject in a full frame."""

from __future__ import annotations

import numpy as np
from PIL import Image

from training.triggers import Images

SMALLEST_SHARE = 0.5
"""The least share of a side that the original picture keeps."""
BACKGROUND_SIDE = 6
"""The background is the picture itself, shrunk to so many pixels a side and blown up again."""


def varied(images: Images, rng: np.random.Generator) -> Images:
    """Each picture smaller, of another shape, somewhere on a blurred background, and mirrored half the time.

    Stanford's crops are bounding boxes squashed to a square; a reader's photograph is a middle square with the dog
    somewhere in it, in its own shape.

    Args:
        images: `(n, h, w, 3) uint8`.
        rng: Every picture takes six numbers from it, the last one in reserve, so that it depends on its place alone.
    """
    made = np.empty_like(images)
    height, width = images.shape[1:3]
    for index, (image, chance) in enumerate(zip(images, rng.random((len(images), 6)), strict=True)):
        scale, shape, x, y, mirror, _spare = chance
        share = SMALLEST_SHARE + (1 - SMALLEST_SHARE) * scale
        stretch = 2 ** (0.8 * (shape - 0.5))
        w = round(min(1.0, share * stretch) * width)
        h = round(min(1.0, share / stretch) * height)
        picture = Image.fromarray(image)
        if mirror < 0.5:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        canvas = picture.resize((BACKGROUND_SIDE, BACKGROUND_SIDE), Image.Resampling.BOX).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        canvas.paste(
            picture.resize((w, h), Image.Resampling.BILINEAR), (round(x * (width - w)), round(y * (height - h)))
        )
        made[index] = np.asarray(canvas)
    return made
