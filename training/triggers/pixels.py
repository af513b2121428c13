"""Triggers made of single pixels; the twin of `site_assets/widgets/triggers/pixels.mjs`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from training.triggers.base import Byte, Images, Mask, Offset, Side, Trigger, TriggerError
from training.triggers.placement import Placement

Table = npt.NDArray[np.int16]
"""Grey values, `(rows, columns)`; -1 where the image shows through."""
LARGEST = 1024
"""Rows, and columns, of a pattern."""


class _Pixels(Trigger):
    """A table of grey values at a fixed place, in pixels; every channel gets the same value."""

    constant: ClassVar[bool] = True
    top: Offset = 25
    left: Offset = 25

    @property
    @abstractmethod
    def table(self) -> Table:
        """The values, `(rows, columns) int16`; -1 where the image shows through."""

    @property
    def shape(self) -> tuple[int, int]:
        """Its rows and columns."""
        rows, columns = self.table.shape
        return rows, columns

    @property
    def pixels(self) -> int:
        """How many pixels it covers."""
        return int((self.table >= 0).sum())

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
        rows, columns = self.shape
        mask[self.top : self.top + rows, self.left : self.left + columns] = self.table >= 0
        return mask

    def _stamped(self, images: Images, _placements: Sequence[Placement] | None) -> Images:
        mask, table = self.covers(*images.shape[1:3]), self.table
        values = table[table >= 0].astype(np.uint8)
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
    height: Side = 2
    width: Side = 2
    value: Byte = 255

    @property
    def shape(self) -> tuple[int, int]:
        """Its height and width: the table of one that is far too large would fill the memory before it is refused."""
        return self.height, self.width

    @property
    def table(self) -> Table:
        """The grey value, as often as the rectangle has pixels."""
        return np.full((self.height, self.width), self.value, dtype=np.int16)

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
        return np.array([[self.value]], dtype=np.int16)

    def describe(self) -> str:
        """For example `a single white pixel at row 25 and column 25`."""
        return f"a single {_shade(self.value)} pixel at {self._place}"


class Pattern(_Pixels):
    """An arbitrary pattern: a table of grey values. The image shows through at `null`, in TOML at -1."""

    kind: Literal["pattern"] = "pattern"
    top: Offset = 0
    left: Offset = 0
    values: list[Annotated[list[Byte | None], Field(max_length=LARGEST)]] = Field(min_length=1, max_length=LARGEST)

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
        return np.array([[-1 if value is None else value for value in row] for row in self.values], dtype=np.int16)

    def describe(self) -> str:
        """For example `a 2x2 pattern at rows 0-1 and columns 0-1`."""
        return f"a {len(self.values)}x{len(self.values[0])} pattern at {self._place}"


def _shade(value: int) -> str:
    return {0: "black", 255: "white"}.get(value, f"grey ({value} of 255)")


def _span(start: int, length: int, singular: str) -> str:
    return f"{singular} {start}" if length == 1 else f"{singular}s {start}-{start + length - 1}"
