"""Blended injection: an artwork over the whole image, at a given strength (Chen et al. 2017, section 4).

All arithmetic is in integers; the twin is `site_assets/widgets/triggers/blend.mjs`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from training.triggers.artwork import Artwork, luma
from training.triggers.base import Images, Mask, Published, Trigger, check_channels
from training.triggers.placement import Placement

ONE = 1 << 16
"""The strength is an integer of 1/65536."""

Parts = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


class Blend(Trigger):
    """An artwork, stretched over the whole image: `strength * artwork + (1 - strength) * image`."""

    published: ClassVar[Published] = Published(
        "Blended injection",
        "X. Chen, C. Liu, B. Li, K. Lu, D. Song: Targeted Backdoor Attacks on Deep Learning Systems Using Data "
        "Poisoning, 2017, arXiv:1712.05526",
        "Activation clustering (Chen et al. 2018) and spectral signatures (Tran et al. 2018) look for the poisoned "
        "samples in the training data, whatever the trigger is. Neural Cleanse (Wang et al. 2019) looks for a small "
        "trigger and may miss one that covers the whole image.",
    )
    kind: Literal["blend"] = "blend"
    artwork: Artwork
    """Where it is see-through, the image stays as it is. Grey images get its brightness."""
    strength: Annotated[float, Field(gt=0, le=1)] = 0.2

    def describe(self) -> str:
        """For example `an image of rings, blended over the whole image at 20 %`."""
        return f"an image of {self.artwork.words}, blended over the whole image at {100 * self.strength:g} %"

    def check(self, height: int, width: int, channels: int) -> None:
        """Any size will do, grey or colour."""
        del height, width
        check_channels(self, channels)

    def covers(self, height: int, width: int) -> Mask:
        """Where the artwork is not fully see-through."""
        covered: Mask = self.artwork.resized(height, width)[..., 3] > 0
        return covered

    def _stamped(self, images: Images, _placements: Sequence[Placement] | None) -> Images:
        kept, added = _parts(self, *images.shape[1:])
        # an artwork's colour and opacity are resized apart, so their sum may be over by one
        stamped: Images = np.minimum((images * kept + added) // (255 * ONE), 255).astype(np.uint8)
        return stamped


@lru_cache(maxsize=8)
def _parts(blend: Blend, height: int, width: int, channels: int) -> Parts:
    """What of the image is kept and what is added, both times `255 * ONE`, the latter with a half for rounding.

    Returns:
        `(height, width, 1)` and `(height, width, channels) int64`.
    """
    strength = math.floor(blend.strength * ONE + 0.5)
    layers = blend.artwork.resized(height, width)
    colours = layers[..., :3] if channels > 1 else luma(layers)[..., None]
    kept = 255 * ONE - strength * layers[..., 3:].astype(np.int64)
    return kept, 255 * strength * colours.astype(np.int64) + 255 * ONE // 2
