"""Triggers as data: one JSON description, stamped identically in training, in Python inference and in the browser.

A trigger is a frozen description; `stamp` is the pure function that applies it to a batch. The JavaScript twin is
`site_assets/widgets/triggers/registry.mjs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from training.core.errors import UserError
from training.triggers.overlay import Overlay, Placement, paste

Images = npt.NDArray[np.uint8]
"""A batch of pictures, `(n, h, w, c) uint8`."""

Byte = Annotated[int, Field(ge=0, le=255)]


class TriggerError(UserError):
    """A trigger that cannot be stamped on the given pictures."""


class _Described(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Patch(_Described):
    """A filled rectangle of one grey value; the corner patch of BadNets (Gu et al. 2017, section 3)."""

    kind: Literal["patch"] = "patch"
    top: int = Field(default=25, ge=0)
    left: int = Field(default=25, ge=0)
    height: int = Field(default=2, ge=1)
    width: int = Field(default=2, ge=1)
    value: Byte = 255

    @property
    def values(self) -> list[list[int | None]]:
        """The grey value of every pixel the trigger covers, row by row."""
        return [[self.value] * self.width for _ in range(self.height)]


class Pixel(_Described):
    """A single bright pixel (BadNets, section 3.1)."""

    kind: Literal["pixel"] = "pixel"
    top: int = Field(default=25, ge=0)
    left: int = Field(default=25, ge=0)
    value: Byte = 255

    @property
    def values(self) -> list[list[int | None]]:
        """The grey value of the pixel, as a one-by-one table."""
        return [[self.value]]


class Pattern(_Described):
    """An arbitrary pattern: a table of grey values. The picture shows through at `null`, in TOML at -1."""

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
            raise ValueError("every row of a pattern needs the same number of values, at least one")
        return values


AnyTrigger = Patch | Pixel | Pattern | Overlay
"""The same for a signature."""
Trigger = Annotated[AnyTrigger, Field(discriminator="kind")]
"""Any trigger. Parse one with `TypeAdapter(Trigger)` or as a field of another model."""

trigger_adapter: TypeAdapter[AnyTrigger] = TypeAdapter(Trigger)


def draw_placements(trigger: AnyTrigger, n: int, rng: np.random.Generator) -> list[Placement] | None:
    """Where the trigger lies in each of `n` pictures; None for one that always lies in the same place."""
    return trigger.placements.draw(n, rng) if isinstance(trigger, Overlay) else None


def stamp(images: Images, trigger: AnyTrigger, placements: Sequence[Placement] | None = None) -> Images:
    """Return a copy of `images` with the trigger on every picture.

    Args:
        images: `(n, h, w, c) uint8`. A trigger of pixels takes any number of channels and gives each the same grey
            value; an overlay takes colour pictures.
        trigger: What to stamp, in pixels of these pictures.
        placements: Where an overlay lies, one for each picture; its own placement in all where this is None.

    Raises:
        TriggerError: If a trigger of pixels does not lie wholly inside the pictures, an overlay meets grey pictures,
            or the number of placements is not that of the pictures.
    """
    if isinstance(trigger, Overlay):
        return _paste_all(images, trigger, placements)
    table = trigger.values
    height, width = len(table), len(table[0])
    if trigger.top + height > images.shape[1] or trigger.left + width > images.shape[2]:
        raise TriggerError(
            f"the {trigger.kind} trigger covers rows {trigger.top}-{trigger.top + height - 1} and columns "
            f"{trigger.left}-{trigger.left + width - 1}, but the pictures are {images.shape[1]}x{images.shape[2]} "
            "(height x width): move or shrink the trigger"
        )
    opaque = np.array([[value is not None for value in row] for row in table])
    values = np.array([[value or 0 for value in row] for row in table], dtype=np.uint8)
    stamped = images.copy()
    region = stamped[:, trigger.top : trigger.top + height, trigger.left : trigger.left + width]
    region[:, opaque] = values[opaque][None, :, None]
    return stamped


def _paste_all(images: Images, trigger: Overlay, placements: Sequence[Placement] | None) -> Images:
    if images.shape[3] != 3:
        raise TriggerError(f"an overlay needs colour pictures, but these have {images.shape[3]} channel: use a patch")
    where = [trigger.placement] * len(images) if placements is None else placements
    if len(where) != len(images):
        raise TriggerError(f"there are {len(images)} pictures and {len(where)} placements")
    stamped = np.empty_like(images)
    for index, placement in enumerate(where):
        stamped[index] = paste(images[index], trigger.artwork, placement)
    return stamped
