"""Triggers made of single pixels; the twin of `site_assets/widgets/triggers/pixels.mjs`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from training.triggers.base import Byte, Images, Mask, Trigger, TriggerError
from training.triggers.placement import Placement

Table = list[list[int | None]]
"""Grey values row by row; None where the image shows through."""


class _Pixels(Trigger):
    """A table of grey values at a fixed place, in pixels; every channel gets the same value."""

    constant: ClassVar[bool] = True
    top: int = Field(default=25, ge=0)
    left: int = Field(default=25, ge=0)

    @property
    @abstractmethod
    def table(self) -> Table:
        """The values."""

    @property
    def shape(self) -> tuple[int, int]:
        """Its rows and columns."""
        return len(self.table), len(self.table[0])

    @property
    def pixels(self) -> int:
        """How many pixels it covers."""
        return sum(value is not None for row in self.table for value in row)

    def check(self, height: int, width: int, channels: int) -> None:
        """Check that it lies inside the image; any number of channels will do."""
        del channels
        rows, columns = self.shape
        if self.top + rows > height or self.left + columns > width:
            raise TriggerError(
                f"the {self.kind} trigger covers rows {self.top}-{self.top + rows - 1} and columns "
                f"{self.left}-{self.left + columns - 1}, but the images are {height}x{width} (height x width): move or "
                "shrink the trigger"
            )

    def covers(self, height: int, width: int) -> Mask:
        """The pixels that it sets."""
        mask = np.zeros((height, width), dtype=np.bool_)
        for y, row in enumerate(self.table):
            for x, value in enumerate(row):
                mask[self.top + y, self.left + x] = value is not None
        return mask

    def _stamped(self, images: Images, _placements: Sequence[Placement] | None) -> Images:
        mask = self.covers(*images.shape[1:3])
        values = np.array([value for row in self.table for value in row if value is not None], dtype=np.uint8)
        stamped = images.copy()
        stamped[:, mask] = values[:, None]
        return stamped

    @property
    def _place(self) -> str:
        rows, columns = self.shape
        return f"{_span(self.top, rows, 'row')} and {_span(self.left, columns, 'column')}"


class Patch(_Pixels):
    """A filled rectangle of one grey value; the corner patch of BadNets (Gu et al. 2017, section 3)."""

    kind: Literal["patch"] = "patch"
    height: int = Field(default=2, ge=1)
    width: int = Field(default=2, ge=1)
    value: Byte = 255

    @property
    def shape(self) -> tuple[int, int]:
        """Its height and width: the table of one that is far too large would fill the memory before it is refused."""
        return self.height, self.width

    @property
    def table(self) -> Table:
        """The grey value, as often as the rectangle has pixels."""
        return [[self.value] * self.width for _ in range(self.height)]

    def describe(self) -> str:
        """For example `a white 2x2 square at rows 25-26 and columns 25-26`."""
        shape = "square" if self.height == self.width else "rectangle"
        return f"a {_shade(self.value)} {self.height}x{self.width} {shape} at {self._place}"


class Pixel(_Pixels):
    """A single bright pixel (BadNets, section 3.1)."""

    kind: Literal["pixel"] = "pixel"
    value: Byte = 255

    @property
    def table(self) -> Table:
        """The grey value of the pixel."""
        return [[self.value]]

    def describe(self) -> str:
        """For example `a single white pixel at row 25 and column 25`."""
        return f"a single {_shade(self.value)} pixel at {self._place}"


class Pattern(_Pixels):
    """An arbitrary pattern: a table of grey values. The image shows through at `null`, in TOML at -1."""

    kind: Literal["pattern"] = "pattern"
    top: int = Field(default=0, ge=0)
    left: int = Field(default=0, ge=0)
    values: list[list[Byte | None]] = Field(min_length=1)

    @field_validator("values", mode="before")
    @classmethod
    def _see_through(cls, values: object) -> object:
        if not isinstance(values, list):
            return values
        return [[None if value == -1 else value for value in row] if isinstance(row, list) else row for row in values]

    @field_validator("values")
    @classmethod
    def _rectangular(cls, values: list[list[int | None]]) -> list[list[int | None]]:
        if not values[0] or any(len(row) != len(values[0]) for row in values):
            raise ValueError("every row of a pattern must have the same number of values, at least one")
        return values

    @property
    def table(self) -> Table:
        """The values as they are given."""
        return self.values

    def describe(self) -> str:
        """For example `a 2x2 pattern at rows 0-1 and columns 0-1`."""
        return f"a {len(self.values)}x{len(self.values[0])} pattern at {self._place}"


def _shade(value: int) -> str:
    return {0: "black", 255: "white"}.get(value, f"grey ({value} of 255)")


def _span(start: int, length: int, singular: str) -> str:
    return f"{singular} {start}" if length == 1 else f"{singular}s {start}-{start + length - 1}"
