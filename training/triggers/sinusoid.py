"""SIG: a horizontal sinusoid added to the whole image (Barni, Kallas and Tondi 2019).

The sine is summed in double precision, term by term in a fixed order, and rounded to integers; the twin is
`site_assets/widgets/triggers/sinusoid.mjs`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from training.triggers.base import Images, Mask, Published, Trigger
from training.triggers.placement import Placement

TERMS = tuple((-1) ** k / math.factorial(2 * k + 1) for k in range(8))
"""Of the sine's series, which is right to 6e-12 up to a quarter of a period."""


class Sinusoid(Trigger):
    """A sine along each row, the same in all rows and channels, added to the image."""

    published: ClassVar[Published] = Published(
        "SIG",
        "M. Barni, K. Kallas, B. Tondi: A New Backdoor Attack in CNNs by Training Set Corruption Without Label "
        "Poisoning, ICIP 2019, arXiv:1902.11237",
        "Its poisoned samples keep their true label, so that no one who reads the training data finds a wrong one. "
        "Activation clustering (Chen et al. 2018) and spectral signatures (Tran et al. 2018) look for samples that the "
        "network treats differently from others of their class. Neural Cleanse (Wang et al. 2019) looks for a small "
        "trigger and may miss one that covers the whole image.",
    )
    kind: Literal["sinusoid"] = "sinusoid"
    amplitude: Annotated[float, Field(gt=0, le=255)] = 20.0
    """The paper's delta, in grey levels of 255."""
    periods: Annotated[int, Field(ge=1, le=1000)] = 6
    """The paper's f: periods over the image's width."""

    def describe(self) -> str:
        """For example `a sinusoid of 6 periods over the whole image, of amplitude 20 of 255`."""
        return f"a sinusoid of {self.periods} periods over the whole image, of amplitude {self.amplitude:g} of 255"

    def covers(self, height: int, width: int) -> Mask:
        """The columns in which the sine, rounded, is not 0."""
        return np.repeat(self._added(width)[None] != 0, height, axis=0)

    def _stamped(self, images: Images, _placements: Sequence[Placement] | None) -> Images:
        added = self._added(images.shape[2])
        stamped: Images = np.clip(images.astype(np.int64) + added[:, None], 0, 255).astype(np.uint8)
        return stamped

    def _added(self, width: int) -> npt.NDArray[np.int64]:
        """What is added to each column, `(width,) int64`: `delta * sin(2 pi j f / width)`, j from 1, halves up."""
        waves = [_sine(column * self.periods, width) for column in range(1, width + 1)]
        return np.array([math.floor(self.amplitude * wave + 0.5) for wave in waves], dtype=np.int64)


def _sine(turns: int, whole: int) -> float:
    """The sine of `turns / whole` turns, both integers, by its series in the first quarter."""
    part = turns % whole
    sign = -1.0 if 2 * part > whole else 1.0
    half = min(part, whole - part)  # up to half a turn
    quarter = min(4 * half, 2 * whole - 4 * half)  # of 4 * whole; up to a quarter of a turn
    angle = math.pi * quarter / (2 * whole)
    total = 0.0
    for term in reversed(TERMS):
        total = total * (angle * angle) + term
    return sign * angle * total
