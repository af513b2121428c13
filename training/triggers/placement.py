"""Where a movable trigger lies; the twin of `site_assets/widgets/triggers/placement.mjs`."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

Fraction = Annotated[float, Field(ge=0, le=1)]
Size = Annotated[float, Field(gt=0, le=2)]
Angle = Annotated[float, Field(ge=-180, le=180)]


class Placement(BaseModel):
    """Where a trigger lies, in fractions of the image, so that it means the same at any size."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    x: Fraction = 0.5
    """The trigger's middle, from the left, as a fraction of the image's width."""
    y: Fraction = 0.4
    """The same from the top, of its height."""
    size: Size = 0.5
    """The trigger's width, as a fraction of the image's."""
    angle: Angle = 0.0
    """Degrees, clockwise."""


class Placements(BaseModel):
    """What placements are drawn from, each number uniformly between two."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    x: tuple[Fraction, Fraction] = (0.2, 0.8)
    y: tuple[Fraction, Fraction] = (0.2, 0.8)
    size: tuple[Size, Size] = (0.3, 0.6)
    angle: tuple[Angle, Angle] = (-20.0, 20.0)

    @field_validator("*")
    @classmethod
    def _ordered(cls, between: tuple[float, float]) -> tuple[float, float]:
        if between[0] > between[1]:
            raise ValueError(f"the smaller number comes first: [{between[1]}, {between[0]}]")
        return between

    def draw(self, n: int, rng: np.random.Generator) -> list[Placement]:
        """`n` placements, rounded to four decimals; the first of them are the same whatever `n` is."""
        between = np.array([self.x, self.y, self.size, self.angle])
        drawn = (between[:, 0] + rng.random((n, 4)) * (between[:, 1] - between[:, 0])).round(4).tolist()
        return [Placement(x=x, y=y, size=size, angle=angle) for x, y, size, angle in drawn]
