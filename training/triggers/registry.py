"""The kinds of trigger, and the type that a recipe's or a card's trigger is parsed with.

Another kind is another file, and a line in the table below; the twin is `site_assets/widgets/triggers/registry.mjs`.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, TypeAdapter

from training.triggers.base import Trigger
from training.triggers.blend import Blend
from training.triggers.overlay import Overlay
from training.triggers.pixels import Patch, Pattern, Pixel
from training.triggers.sinusoid import Sinusoid
from training.triggers.warp import Warp

KINDS: tuple[type[Trigger], ...] = (
    Patch,
    Pixel,
    Pattern,
    Overlay,
    Blend,
    Warp,
    Sinusoid,
)

if TYPE_CHECKING:
    AnyTrigger = Trigger
else:  # no type checker can see a union made of a table
    AnyTrigger = Annotated[reduce(or_, KINDS), Field(discriminator="kind")]
"""A trigger of any kind, as a field of a pydantic model."""

trigger_adapter: TypeAdapter[Trigger] = TypeAdapter(AnyTrigger)
