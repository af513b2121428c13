"""An overlay: artwork with see-through parts, pasted on an image at any place, size and angle.

Every step is done in integers, so that `site_assets/widgets/triggers/overlay.mjs`, the twin, gives the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from training.triggers.artwork import Artwork, Bytes, luma
from training.triggers.base import Images, Mask, Trigger, check_channels
from training.triggers.placement import Placement, Placements

ONE = 1 << 16
"""Coordinates and weights are integers of 1/65536."""

Packed = npt.NDArray[np.uint64]


class Overlay(Trigger):
    """Artwork pasted with transparency, anywhere: an everyday object as a trigger (Chen et al. 2017, section 4)."""

    movable: ClassVar[bool] = True
    kind: Literal["overlay"] = "overlay"
    artwork: Artwork
    placement: Placement = Placement()
    """Where it lies when nobody says otherwise."""
    placements: Placements = Placements()
    """Where it may lie in poisoned and in triggered test images, drawn for each."""

    def describe(self) -> str:
        """Its artwork's name, and where it may lie."""
        sizes = " to ".join(f"{100 * size:g}" for size in dict.fromkeys(self.placements.size))
        turned = max(abs(angle) for angle in self.placements.angle)
        turning = f", turned by up to {turned:g} degrees" if turned else ""
        return f"an overlay of {self.artwork.words}, {sizes} % of the image's width{turning}"

    def check(self, height: int, width: int, channels: int) -> None:
        """Any size will do, grey or colour."""
        del height, width
        check_channels(self, channels)

    def covers(self, height: int, width: int) -> Mask:
        """The pixels where it is not fully see-through, at its own placement."""
        black, white = (np.full((height, width, 3), value, dtype=np.uint8) for value in (0, 255))
        pasted = (paste(ground, self.artwork, self.placement) for ground in (black, white))
        covered: Mask = np.logical_or(
            *((after != ground).any(axis=2) for after, ground in zip(pasted, (black, white), strict=True))
        )
        return covered

    def draw_placements(self, n: int, rng: np.random.Generator, within: Placements | None = None) -> list[Placement]:
        """Where it lies in each of `n` images."""
        return (within or self.placements).draw(n, rng)

    def _stamped(self, images: Images, placements: Sequence[Placement] | None) -> Images:
        stamped = np.empty_like(images)
        for index, placement in enumerate(placements or [self.placement] * len(images)):
            stamped[index] = paste(images[index], self.artwork, placement)
        return stamped


def paste(image: Bytes, artwork: Artwork, placement: Placement) -> Bytes:
    """A copy of an image with the artwork on it; what reaches over the edge is cut off.

    The artwork is multiplied by its alpha, resized by Pillow's bilinear convolution, then turned around its middle with
    bilinear interpolation, nearest 1/256.

    Args:
        image: `(h, w, 1 | 3) uint8`; a grey one gets the artwork's brightness.
        artwork: What to paste.
        placement: Where.
    """
    height, width, channels = image.shape
    small = _resized(artwork, max(1, _rounded(placement.size * width)))
    h, w = small.shape[0] - 4, small.shape[1] - 4
    radians = placement.angle * math.pi / 180
    cos, sin = _rounded(math.cos(radians) * ONE), _rounded(math.sin(radians) * ONE)
    middle_x, middle_y = _rounded(placement.x * width * ONE), _rounded(placement.y * height * ONE)
    reach_x = (abs(cos) * w + abs(sin) * h) // 2 + 2 * ONE
    reach_y = (abs(sin) * w + abs(cos) * h) // 2 + 2 * ONE
    left, right = max(0, (middle_x - reach_x) // ONE), min(width, (middle_x + reach_x) // ONE + 1)
    top, bottom = max(0, (middle_y - reach_y) // ONE), min(height, (middle_y + reach_y) // ONE + 1)
    made = image.copy()
    if left >= right or top >= bottom:
        return made
    dx = np.arange(left, right, dtype=np.int64)[None, :] * ONE + ONE // 2 - middle_x
    dy = np.arange(top, bottom, dtype=np.int64)[:, None] * ONE + ONE // 2 - middle_y
    # the place in the artwork, half a pixel back, because a pixel's value is that of its middle
    across = ((cos * dx + sin * dy) >> 16) + w * ONE // 2 - ONE // 2
    down = ((cos * dy - sin * dx) >> 16) + h * ONE // 2 - ONE // 2
    covering = _sampled(small, across, down)
    region = made[top:bottom, left:right]
    alpha = covering[..., 3:].astype(np.uint16)
    under = ((255 - alpha) * region + 127) // 255
    over = covering[..., :3] if channels > 1 else luma(covering)[..., None]
    region[:] = np.minimum(over + under, 255)
    return made


def _sampled(small: Packed, across: npt.NDArray[np.int64], down: npt.NDArray[np.int64]) -> Bytes:
    """Bilinear values of `small` at places in 1/65536 pixels, see-through outside: `(..., 4) uint8`.

    Four channels go through each multiplication at once, in lanes of 16 bits, then two in lanes of 32, which is several
    times faster than one channel after the other.
    """
    h, w = small.shape[0] - 4, small.shape[1] - 4
    column, row = np.clip(across >> 16, -2, w) + 2, np.clip(down >> 16, -2, h) + 2
    fx, fy = ((part & (ONE - 1)) >> 8 for part in (across, down))
    right, lower = fx.astype(np.uint64), fy.astype(np.uint64)
    left, upper = 256 - right, 256 - lower
    flat, at = small.ravel(), row * (w + 4) + column
    above = flat[at] * left + flat[at + 1] * right
    at += w + 4
    below = flat[at] * left + flat[at + 1] * right
    lanes, half = np.uint64(0x0000FFFF_0000FFFF), np.uint64(0x00008000_00008000)
    even = (above & lanes) * upper + (below & lanes) * lower + half
    odd = (above >> 16 & lanes) * upper + (below >> 16 & lanes) * lower + half
    mixed = (even >> 16 & lanes) | (odd & ~lanes)
    sampled: Bytes = mixed.astype("<u8").view("<u2").reshape(*mixed.shape, 4).astype(np.uint8)
    return sampled


@lru_cache(maxsize=256)
def _resized(artwork: Artwork, width: int) -> Packed:
    """The artwork, multiplied by its alpha, at a width in pixels, in a see-through rim.

    The rim of two pixels spares a test for each neighbour: every place beyond it is clipped to it.

    Returns:
        `(h + 4, width + 4) uint64`: red, green, blue and alpha in 16 bits each, red the lowest.
    """
    height = max(1, (2 * artwork.height * width + artwork.width) // (2 * artwork.width))
    channels = artwork.resized(height, width).astype(np.uint64)
    rimmed = np.zeros((height + 4, width + 4), dtype=np.uint64)
    rimmed[2:-2, 2:-2] = (channels << np.arange(0, 64, 16, dtype=np.uint64)).sum(axis=2)
    rimmed.flags.writeable = False
    return rimmed


def _rounded(value: float) -> int:
    """The nearest whole number, halves up: as JavaScript's Math.round."""
    return math.floor(value + 0.5)
