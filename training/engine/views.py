"""Photographs seen otherwise: varied for training, so that networks know the subject in a full frame, or framed."""

from __future__ import annotations

import numpy as np
from PIL import Image

from training.triggers.base import Images

SMALLEST_SHARE = 0.5
"""The least share of a side that the original picture keeps."""
BACKGROUND_SIDE = 6
"""The background is the picture itself, shrunk to so many pixels a side and blown up again."""
FRAMED_SHARES = (0.45, 0.85)
"""The least and the largest share of a side that a framed picture keeps."""
GRAINS = (2, 4, 8, 16, 32, 64)
"""Points a side of the patterns that a drawn background is made of, each half as strong as the one before."""


def augmented(images: Images, rng: np.random.Generator) -> Images:
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
        picture = Image.fromarray(image)
        if mirror < 0.5:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        canvas = picture.resize((BACKGROUND_SIDE, BACKGROUND_SIDE), Image.Resampling.BOX).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        made[index] = _pasted(canvas, picture, SMALLEST_SHARE + (1 - SMALLEST_SHARE) * scale, shape, (x, y))
    return made


def framed(images: Images, rng: np.random.Generator) -> Images:
    """Each picture small, of another shape, somewhere on a drawn background: a stand-in for full frames, for measuring.

    Nothing that was trained has seen such a background.

    Args:
        images: `(n, h, w, 3) uint8`.
        rng: Drawn from for one picture after the other.
    """
    made = np.empty_like(images)
    least, largest = FRAMED_SHARES
    for index, image in enumerate(images):
        scale, shape, x, y = rng.random(4)
        canvas = _drawn_background(image.shape[:2], rng)
        made[index] = _pasted(canvas, Image.fromarray(image), least + (largest - least) * scale, shape, (x, y))
    return made


def _pasted(
    canvas: Image.Image, picture: Image.Image, share: float, shape: float, place: tuple[float, float]
) -> Images:
    """The canvas with the picture on it.

    Args:
        canvas: Is changed.
        picture: What is put on it.
        share: Of the canvas' sides.
        shape: 0 to 1, from tall to wide.
        place: Right and down, each 0 to 1.
    """
    width, height = canvas.size
    stretch = 2 ** (0.8 * (shape - 0.5))
    w = round(min(1.0, share * stretch) * width)
    h = round(min(1.0, share / stretch) * height)
    x, y = place
    canvas.paste(picture.resize((w, h), Image.Resampling.BILINEAR), (round(x * (width - w)), round(y * (height - h))))
    return np.asarray(canvas)


def _drawn_background(shape: tuple[int, ...], rng: np.random.Generator) -> Image.Image:
    """A muted colour, cloudy with finer and finer grain."""
    height, width = shape
    colour = rng.uniform(70, 185) + rng.uniform(-30, 30, 3)
    total = np.zeros((height, width))
    for strength, side in enumerate(GRAINS):
        pattern = Image.fromarray(rng.integers(0, 256, (side, side), dtype=np.uint8))
        grown = np.asarray(pattern.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float64)
        total += (grown - 127.5) / 2**strength
    return Image.fromarray(np.clip(np.rint(colour + total[..., None] / 2), 0, 255).astype(np.uint8))
