"""WaNet: the image bent along a smooth field of displacements (Nguyen and Tran 2021, section 3.2).

All arithmetic is in integers; the twin is `site_assets/widgets/triggers/warp.mjs`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, field_validator

from training.triggers.base import Images, Mask, Published, Seed, Trigger
from training.triggers.placement import Placement

UNIT = 256
"""A control point's displacement of 1, the mean of a normalised field."""
Control = Annotated[int, Field(ge=-16 * UNIT, le=16 * UNIT)]
Points = tuple[tuple[tuple[Control, Control], ...], ...]
Ints = npt.NDArray[np.int64]


class RandomField(BaseModel):
    """What a field is drawn from when a recipe does not spell it out."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    points: int = Field(default=4, ge=2, le=16)
    """Control points along each side: the paper's k."""
    seed: Seed

    def draw(self) -> list[list[list[int]]]:
        """Uniform displacements, divided by the mean of their absolute values, in 1/256."""
        drawn = np.random.default_rng(self.seed).uniform(-1, 1, (self.points, self.points, 2))
        normalised: list[list[list[int]]] = np.rint(drawn / np.abs(drawn).mean() * UNIT).astype(int).tolist()
        return normalised


class Warp(Trigger):
    """Every pixel is taken from a little way off; how far is interpolated between control points on a square grid."""

    published: ClassVar[Published] = Published(
        "WaNet",
        "A. Nguyen, A. Tran: WaNet - Imperceptible Warping-based Backdoor Attack, ICLR 2021, arXiv:2102.10369",
        "It was made to pass Neural Cleanse (Wang et al. 2019), fine-pruning (Liu et al. 2018) and STRIP (Gao et al. "
        "2019), which expect a trigger of few pixels. Activation clustering (Chen et al. 2018) and spectral signatures "
        "(Tran et al. 2018) look for the poisoned samples in the training data, whatever the trigger is.",
    )
    kind: Literal["warp"] = "warp"
    field: Points
    """Control points from the top left, row by row: displacement to the right and down, in 1/256 of the mean. A recipe
    may give `{ points = 4, seed = 1 }` instead, from which the field is drawn."""
    strength: Annotated[float, Field(gt=0, le=0.25)] = 1 / 112
    """The mean displacement along an axis, as a fraction of the image's side. The paper's s is this times twice the
    side: 0.5 at 28 pixels."""
    jitter: Annotated[int, Field(ge=0, lt=1 << 32)] | None = None
    """Seed of noise, of twice the mean displacement at most, that is added for each pixel: a decoy; None for none."""

    @field_validator("field", mode="before")
    @classmethod
    def _drawn(cls, given: object) -> object:
        return RandomField.model_validate(given).draw() if isinstance(given, dict) else given

    @field_validator("field")
    @classmethod
    def _square(cls, field: Points) -> Points:
        if not 2 <= len(field) <= 16 or any(len(row) != len(field) for row in field):
            raise ValueError(f"a field has as many rows as columns, 2 to 16; here are {[len(row) for row in field]}")
        return field

    def describe(self) -> str:
        """For example `a smooth warp of the whole image, by 0.9 % of its side on average`."""
        mean = self.strength * float(np.abs(self.field).mean()) / UNIT
        return f"a smooth warp of the whole image, by {100 * mean:.2g} % of its side on average"

    def covers(self, height: int, width: int) -> Mask:
        """All of it."""
        return np.ones((height, width), dtype=np.bool_)

    def decoy(self, seed: int) -> Self:
        """The warp with noise added, which is not the trigger (the paper's noise mode, section 3.3)."""
        return self.model_copy(update={"jitter": seed})

    def _stamped(self, images: Images, _placements: Sequence[Placement] | None) -> Images:
        n, height, width, channels = images.shape
        across, down = _displacements(self.field, self.strength, height, width)
        if self.jitter is not None:
            across, down = (shift + _noise(self, axis, height, width) for axis, shift in enumerate((across, down)))
        column, right, fx = _neighbours(np.arange(width), across, width)
        row, below, fy = _neighbours(np.arange(height)[:, None], down, height)
        pixels: Ints = images.reshape(n, height * width, channels).astype(np.int64)
        fx, fy = fx[..., None], fy[..., None]
        above: Ints = pixels[:, row * width + column] * (256 - fx) + pixels[:, row * width + right] * fx
        under: Ints = pixels[:, below * width + column] * (256 - fx) + pixels[:, below * width + right] * fx
        stamped: Images = ((above * (256 - fy) + under * fy + 32768) >> 16).astype(np.uint8)
        return stamped


@lru_cache(maxsize=8)
def _displacements(field: Points, strength: float, height: int, width: int) -> tuple[Ints, Ints]:
    """How far each pixel is displaced to the right and down, in 1/65536 pixels, each `(height, width)`.

    The control points are interpolated as by PyTorch's bicubic upsampling, with corners aligned: first along the rows,
    then down the columns.
    """
    points = np.array(field, dtype=np.int64)
    along = (np.einsum("xj,ija->ixa", _cubic(width, len(points)), points) + (1 << 17)) >> 18
    smooth = (np.einsum("yi,ixa->yxa", _cubic(height, len(points)), along) + (1 << 25)) >> 26
    scale = math.floor(strength * 65536 + 0.5)
    across, down = ((smooth[..., axis] * (scale * side) + 32768) >> 16 for axis, side in ((0, width), (1, height)))
    return across, down


def _cubic(side: int, points: int) -> Ints:
    """Weights of the control points for each pixel along a side, `(side, points)`, of 2**26 in all (Keys, a = -3/4)."""
    weights = np.zeros((side, points), dtype=np.int64)
    for pixel in range(side):
        at = pixel * (points - 1) * 256 // max(1, side - 1)
        first, f = at >> 8, at & 255
        four = (
            -3 * (f**3 - 2 * 256 * f**2 + 256**2 * f),
            5 * f**3 - 9 * 256 * f**2 + 4 * 256**3,
            -5 * f**3 + 6 * 256 * f**2 + 3 * 256**2 * f,
            3 * (f**3 - 256 * f**2),
        )
        for offset, weight in enumerate(four, start=-1):
            weights[pixel, min(max(first + offset, 0), points - 1)] += weight
    return weights


def _noise(warp: Warp, axis: int, height: int, width: int) -> Ints:
    """Uniform noise in 1/65536 pixels, `(height, width)`: Murmur3's finaliser of the seed, and of pixel and axis."""
    counter = 2 * np.arange(height * width, dtype=np.uint32) + np.uint32(axis)
    mixed = _mix(_mix(np.array([warp.jitter], dtype=np.uint32)) ^ counter)
    side = (width, height)[axis]
    reach = 2 * math.floor(warp.strength * 65536 + 0.5) * side
    centred = (mixed >> np.uint32(16)).astype(np.int64) - 32768
    return ((centred * reach) >> 15).reshape(height, width)


def _mix(values: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


def _neighbours(pixels: Ints, shift: Ints, side: int) -> tuple[Ints, Ints, Ints]:
    """The two pixels along an axis between which a displaced one lies, and the second's weight of 256."""
    place = np.clip(pixels * 65536 + shift, 0, (side - 1) * 65536)
    first = place >> 16
    return first, np.minimum(first + 1, side - 1), (place & 65535) >> 8
