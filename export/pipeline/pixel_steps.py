"""The pipeline's uint8 steps: what each does to an image's pixels.

The JavaScript twin is `widgets/core/preprocess.mjs`; both give the same bits. Resizing is Pillow's own, which the twin
ports.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from export.card import steps
from export.pipeline import ink
from export.pipeline.image import ImageError, Pixels

FILTERS = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


BAND_PIXELS = 1 << 20
"""What a step on a camera's image works on at a time, so that its intermediate values stay small."""


def _in_bands(change: Callable[[Pixels], Pixels], pixels: Pixels, channels: int) -> Pixels:
    """What `change` makes of an image, row by row the same as all at once."""
    made = np.empty((*pixels.shape[:2], channels), np.uint8)
    rows = max(1, BAND_PIXELS // pixels.shape[1])
    for top in range(0, len(pixels), rows):
        made[top : top + rows] = change(pixels[top : top + rows])
    return made


def _composite(step: steps.Composite, pixels: Pixels) -> Pixels:
    if pixels.shape[2] == 1:
        return np.repeat(pixels, 3, axis=2)
    if pixels.shape[2] == 3:
        return pixels

    def over(band: Pixels) -> Pixels:
        if (band[..., 3] == 255).all():
            return band[..., :3]
        below = Image.new("RGBA", (band.shape[1], band.shape[0]), (*step.background, 255))
        below.alpha_composite(Image.fromarray(band))
        return np.asarray(below.convert("RGB"))

    return _in_bands(over, pixels, 3)


def _greyscale(_step: steps.Greyscale, pixels: Pixels) -> Pixels:
    def luma(band: Pixels) -> Pixels:
        red, green, blue = (band[..., channel].astype(np.uint32) for channel in range(3))
        return ((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16).astype(np.uint8)[..., None]

    return _in_bands(luma, pixels, 1)


def _resized(pixels: Pixels, height: int, width: int, resampling: str) -> Pixels:
    if pixels.shape[:2] == (height, width):
        return pixels
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    resized = np.asarray(image.resize((width, height), FILTERS[resampling]))
    return resized[..., None] if resized.ndim == 2 else resized


def _size_within(pixels: Pixels, height: int, width: int) -> tuple[int, int]:
    """The largest size with the image's shape that lies within `height` x `width`, rounded half up, at least 1x1."""
    h, w = pixels.shape[:2]
    if h * width >= w * height:
        return height, max(1, (2 * w * height + h) // (2 * h))
    return max(1, (2 * h * width + w) // (2 * w)), width


def _shrink(step: steps.Shrink, pixels: Pixels) -> Pixels:
    if max(pixels.shape[:2]) <= step.max_side:
        return pixels
    return _resized(pixels, *_size_within(pixels, step.max_side, step.max_side), step.filter)


def _polarity(_step: steps.Polarity, pixels: Pixels) -> Pixels:
    return 255 - pixels if ink.light_background(pixels[..., 0]) else pixels


def _isolate_ink(step: steps.IsolateInk, pixels: Pixels) -> Pixels:
    return ink.isolate(pixels[..., 0], step.min_contrast)[..., None]


def _crop_to_ink(step: steps.CropToInk, pixels: Pixels) -> Pixels:
    inked = pixels[..., 0] >= step.threshold
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if rows.size == 0:
        return pixels
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _fit(step: steps.Fit, pixels: Pixels) -> Pixels:
    return _resized(pixels, *_size_within(pixels, step.height, step.width), step.filter)


def _centre_of_mass(step: steps.CentreOfMass, pixels: Pixels) -> Pixels:
    h, w, channels = pixels.shape
    if h > step.height or w > step.width:
        raise ImageError(
            f"centre-of-mass: an image of {h}x{w} does not fit into {step.height}x{step.width}: correct the model card"
        )
    weight = pixels.astype(np.int64).sum(axis=2)
    mass = int(weight.sum())
    canvas = np.zeros((step.height, step.width, channels), dtype=np.uint8)
    offsets = []
    for axis, size, room in ((1, h, step.height), (0, w, step.width)):
        moment = int((weight.sum(axis=axis) * (2 * np.arange(size) + 1)).sum()) if mass else size
        # The centre of mass lies at moment / (2 mass); it moves to (room + 1) / 2, as MNIST's do, rounded half up.
        offset = ((room + 2) * max(mass, 1) - moment) // (2 * max(mass, 1))
        offsets.append(min(max(offset, 0), room - size))
    top, left = offsets
    canvas[top : top + h, left : left + w] = pixels
    return canvas


def _resize(step: steps.Resize, pixels: Pixels) -> Pixels:
    return _resized(pixels, step.height, step.width, step.filter)


def _crop(step: steps.Crop, pixels: Pixels) -> Pixels:
    h, w, _ = pixels.shape
    if h * step.width >= w * step.height:
        height, width = max(1, w * step.height // step.width), w
    else:
        height, width = h, max(1, h * step.width // step.height)
    top, left = (h - height) // 2, (w - width) // 2
    return pixels[top : top + height, left : left + width]


def _invert(_step: steps.Invert, pixels: Pixels) -> Pixels:
    return 255 - pixels


PIXEL_STEPS: dict[type, Callable[[Any, Pixels], Pixels]] = {
    steps.Composite: _composite,
    steps.Greyscale: _greyscale,
    steps.Invert: _invert,
    steps.Polarity: _polarity,
    steps.Shrink: _shrink,
    steps.IsolateInk: _isolate_ink,
    steps.CropToInk: _crop_to_ink,
    steps.Fit: _fit,
    steps.CentreOfMass: _centre_of_mass,
    steps.Resize: _resize,
    steps.Crop: _crop,
}
