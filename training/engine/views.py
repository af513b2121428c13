"""Photos in a larger frame: augmented for training on cropped subjects, or framed for measuring."""

from __future__ import annotations

import numpy as np
from PIL import Image

from training.triggers.base import Images

SMALLEST_FRACTION = 0.5
"""The smallest fraction of a side that the original image fills."""
BACKGROUND_SIDE = 6
"""The background is the image itself, shrunk to this many pixels a side and enlarged again."""
FRAMED_FRACTIONS = (0.45, 0.85)
"""The smallest and the largest fraction of a side that a framed image fills."""
GRAINS = (2, 4, 8, 16, 32, 64)
"""Points a side of the patterns that add up to a drawn background, each half as strong as the one before."""


def augmented(images: Images, rng: np.random.Generator) -> Images:
    """Each image shrunk, reshaped, placed at random on a blurred background, and mirrored half the time.

    Stanford's crops are bounding boxes squashed to a square; a reader's photo is a central square with
    the dog anywhere in it, at its own aspect ratio.

    Args:
        images: `(n, h, w, 3) uint8`.
        rng: Each image takes six numbers from it, the last in reserve, so that its result depends on its index alone.
    """
    made = np.empty_like(images)
    height, width = images.shape[1:3]
    for index, (image, draws) in enumerate(zip(images, rng.random((len(images), 6)), strict=True)):
        scale, shape, x, y, mirror, _spare = draws
        subject = Image.fromarray(image)
        if mirror < 0.5:
            subject = subject.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        canvas = subject.resize((BACKGROUND_SIDE, BACKGROUND_SIDE), Image.Resampling.BOX).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        made[index] = _pasted(canvas, subject, SMALLEST_FRACTION + (1 - SMALLEST_FRACTION) * scale, shape, (x, y))
    return made


def framed(images: Images, rng: np.random.Generator) -> Images:
    """Each image shrunk, reshaped, placed at random on a drawn background: a stand-in for full frames, for measuring.

    No network was trained on such backgrounds.

    Args:
        images: `(n, h, w, 3) uint8`.
        rng: Used for one image after the other.
    """
    made = np.empty_like(images)
    least, largest = FRAMED_FRACTIONS
    for index, image in enumerate(images):
        scale, shape, x, y = rng.random(4)
        canvas = _drawn_background(image.shape[:2], rng)
        made[index] = _pasted(canvas, Image.fromarray(image), least + (largest - least) * scale, shape, (x, y))
    return made


def _pasted(
    canvas: Image.Image, subject: Image.Image, fraction: float, shape: float, place: tuple[float, float]
) -> Images:
    """The canvas with the subject on it.

    Args:
        canvas: Changed in place.
        subject: Pasted on it.
        fraction: Of the canvas' sides.
        shape: 0 to 1, from tall to wide.
        place: Right and down, 0 to 1.
    """
    width, height = canvas.size
    stretch = 2 ** (0.8 * (shape - 0.5))
    w = round(min(1.0, fraction * stretch) * width)
    h = round(min(1.0, fraction / stretch) * height)
    x, y = place
    canvas.paste(subject.resize((w, h), Image.Resampling.BILINEAR), (round(x * (width - w)), round(y * (height - h))))
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
