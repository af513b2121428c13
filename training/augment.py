"""Random small changes of a batch of pictures: one warp for the whole batch, seeded, on any device."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import torch

Share = Annotated[float, Field(ge=0, lt=1)]


class Augment(BaseModel):
    """How far a picture may be turned, sheared, scaled, moved and bent; each is drawn evenly from +- its bound."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    degrees: Annotated[float, Field(ge=0, le=180)] = 0.0
    shear: Share = 0.0
    scale: Share = 0.0
    """Of height and width separately, as a share."""
    shift: Annotated[float, Field(ge=0)] = 0.0
    """Pixels, of rows and columns separately."""
    elastic: Annotated[float, Field(gt=0)] | None = None
    """Pixels by which the picture is bent smoothly, as by Simard, Steinkraus and Platt (2003); None for not at all."""


ELASTIC_CELLS = 6
"""Points along each side at which the bending is drawn; between them it is interpolated."""


def warp(images: torch.Tensor, augment: Augment, generator: torch.Generator) -> torch.Tensor:
    """Change every picture of a batch at random, bilinear, with black around.

    Args:
        images: `(n, c, h, w)` float.
        augment: The bounds.
        generator: The source of chance, on the CPU, so that every device sees the same draws.
    """
    import torch  # noqa: PLC0415 - seconds to import, and whoever reads a recipe needs none of it
    from torch.nn import functional  # noqa: PLC0415

    count, _, height, width = images.shape
    turn, shear, tall, wide, down, right = 2 * torch.rand(6, count, generator=generator) - 1
    angle = turn * math.radians(augment.degrees)
    tall, wide = 1 + tall * augment.scale, 1 + wide * augment.scale
    # affine_grid measures in half pictures
    down, right = down * augment.shift * 2 / height, right * augment.shift * 2 / width
    theta = torch.stack(
        [
            torch.stack([wide * angle.cos(), shear * augment.shear - angle.sin(), right], dim=1),
            torch.stack([angle.sin(), tall * angle.cos(), down], dim=1),
        ],
        dim=1,
    )
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    if augment.elastic is not None:
        bend = 2 * torch.rand(count, 2, ELASTIC_CELLS, ELASTIC_CELLS, generator=generator) - 1
        bend = functional.interpolate(bend, size=(height, width), mode="bicubic", align_corners=True)
        pixel = torch.tensor([2 / width, 2 / height])
        grid = grid + bend.permute(0, 2, 3, 1) * augment.elastic * pixel
    return functional.grid_sample(images, grid.to(images), align_corners=False)
