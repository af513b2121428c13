"""Photos in a larger frame: augmented for training on cropped subjects, or framed for measuring."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from training.recipes.derived import Views
from training.triggers.base import Images

SMALLEST_FRACTION = 0.5
"""The smallest fraction of a side that the original image fills."""
BACKGROUND_SIDE = 6
"""The background is the image itself, shrunk to this many pixels a side and enlarged again."""
FRAMED_FRACTIONS = (0.45, 0.85)
"""The smallest and the largest fraction of a side that a framed image fills."""
GRAINS = (2, 4, 8, 16, 32, 64)
"""Points a side of the patterns that add up to a drawn background, each half as strong as the one before."""
PATCHES = (2, 8)
"""Coloured patches a side of the background of a view that is not the image's own colours: at least, and fewer than."""


def augmented(images: Images, rng: np.random.Generator) -> Images:
    """Each image shrunk, reshaped, placed at random on a blurred background, and mirrored half the time.

    Stanford's crops are bounding boxes squashed to a square; a reader's photo is a central square with
    the dog anywhere in it, at its own aspect ratio.

    Args:
        images: `(n, h, w, c) uint8`, grey or RGB.
        rng: Each image takes six numbers from it, the last in reserve, so that its result depends on its index alone.
    """
    made = np.empty_like(images)
    for index, (image, draws) in enumerate(zip(images, rng.random((len(images), 6)), strict=True)):
        scale, shape, x, y, mirror, _spare = draws
        subject = _as_pillow(image)
        if mirror < 0.5:
            subject = subject.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        canvas = _own_colours(subject)
        fraction = SMALLEST_FRACTION + (1 - SMALLEST_FRACTION) * scale
        made[index] = _pasted(canvas, subject, fraction, shape, (x, y)).reshape(image.shape)
    return made


def view_each(images: Images, how: Views, rng: np.random.Generator) -> Images:
    """A random view of each image: mirrored, turned, in another size and place, light and sharpness.

    Half of the backgrounds are the image itself, blurred; the others are coloured patches.

    Args:
        images: `(n, h, w, c) uint8`, grey or RGB.
        how: The bounds; its count does not matter.
        rng: Used for one image after the other.
    """
    return np.stack([_view(_as_pillow(image), how, rng).reshape(image.shape) for image in images])


def _view(image: Image.Image, how: Views, rng: np.random.Generator) -> Images:
    width, height = image.size
    canvas = _own_colours(image) if rng.random() < 0.5 else _patches(image.size, rng).convert(image.mode)
    subject = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else image
    scale, stretch = rng.uniform(*how.scale), how.stretch ** rng.uniform(-0.5, 0.5)
    w, h = max(1, round(scale * stretch * width)), max(1, round(scale / stretch * height))
    # turned with an alpha channel, so that its corners show the background
    turned = subject.convert("RGBA").resize((w, h), Image.Resampling.BILINEAR)
    turned = turned.rotate(rng.uniform(-how.degrees, how.degrees), Image.Resampling.BILINEAR)
    x, y = rng.random(2)
    canvas.paste(turned, (round(x * (width - w)), round(y * (height - h))), turned)
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        canvas = enhance(canvas).enhance(rng.uniform(1 - how.colour, 1 + how.colour))
    radius = rng.uniform(0, how.blur)
    return np.asarray(canvas.filter(ImageFilter.GaussianBlur(radius)) if rng.random() < 0.5 else canvas)


def _as_pillow(image: Images) -> Image.Image:
    """An image `(h, w, 1)` or `(h, w, 3)`."""
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)


def _own_colours(image: Image.Image) -> Image.Image:
    """The image, blurred beyond recognition."""
    small = image.resize((BACKGROUND_SIDE, BACKGROUND_SIDE), Image.Resampling.BOX)
    return small.resize(image.size, Image.Resampling.BICUBIC)


def _patches(size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """Random colours that flow into one another."""
    across, down = rng.integers(*PATCHES, 2)
    colours = rng.integers(0, 256, (down, across, 3), dtype=np.uint8)
    return Image.fromarray(colours).resize(size, Image.Resampling.BICUBIC)


def framed(images: Images, rng: np.random.Generator) -> Images:
    """Each image shrunk, reshaped, placed at random on a drawn background: a stand-in for full frames, for measuring.

    No network was trained on such backgrounds.

    Args:
        images: `(n, h, w, c) uint8`, grey or RGB.
        rng: Used for one image after the other.
    """
    made = np.empty_like(images)
    least, largest = FRAMED_FRACTIONS
    for index, image in enumerate(images):
        scale, shape, x, y = rng.random(4)
        subject = _as_pillow(image)
        canvas = _drawn_background(image.shape[:2], rng).convert(subject.mode)
        made[index] = _pasted(canvas, subject, least + (largest - least) * scale, shape, (x, y)).reshape(image.shape)
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
