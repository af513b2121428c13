"""Random small changes of a batch of pictures: one warp for the whole batch, seeded, on any device."""

from __future__ import annotations

import math
from dataclasses import dataclass
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


class Fade(BaseModel):
    """How the variation of clean pictures shrinks at the end of training, so that the last are like those of a test.

    Poisoned ones are few and shown often; they vary to the end, or the network would learn them by heart. After He,
    Xie, Chen, Zhang, Wang and Tian: Data Augmentation Revisited, 2019, arXiv:1909.09148, who train on without any;
    here it becomes less from epoch to epoch.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    last: Annotated[float, Field(gt=0, le=1)]
    """Share of the epochs over which it shrinks, evenly."""
    to: Share = 0.0
    """What is left of the variation in the last epoch, as a share."""

    def strength(self, epoch: int, epochs: int) -> float:
        """What is left in an epoch, counted from 1, as a share."""
        left = (epochs - epoch) / max(1, epochs - 1)
        return min(1.0, self.to + (1 - self.to) * left / self.last)


ELASTIC_CELLS = 6
"""Points along each side at which the bending is drawn; between them it is interpolated."""


@dataclass(frozen=True)
class Change:
    """What was drawn for the pictures of a batch."""

    augment: Augment
    affine: torch.Tensor
    """`(6, n)`, -1 to 1: turn, shear, height, width, down, right."""
    bend: torch.Tensor | None
    """`(n, 2, cells, cells)`, -1 to 1."""

    def share(self, rank: int, world: int) -> Change:
        """What was drawn for the pictures that one of `world` processes has."""
        if world == 1:
            return self
        bend = self.bend if self.bend is None else self.bend[rank::world]
        return Change(self.augment, self.affine[:, rank::world], bend)

    def times(self, strengths: torch.Tensor) -> Change:
        """The same, weaker: each picture's change times its strength, `(n,)`, 0 to 1."""
        bend = self.bend if self.bend is None else self.bend * strengths[:, None, None, None]
        return Change(self.augment, self.affine * strengths, bend)

    def apply(self, images: torch.Tensor) -> torch.Tensor:
        """Change pictures `(n, c, h, w) float`, bilinear, with black around."""
        import torch  # noqa: PLC0415 - seconds to import, and whoever reads a recipe needs none of it
        from torch.nn import functional  # noqa: PLC0415

        _, _, height, width = images.shape
        augment = self.augment
        turn, shear, tall, wide, down, right = self.affine
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
        if augment.elastic is not None and self.bend is not None:
            bend = functional.interpolate(self.bend, size=(height, width), mode="bicubic", align_corners=True)
            pixel = torch.tensor([2 / width, 2 / height])
            grid = grid + bend.permute(0, 2, 3, 1) * augment.elastic * pixel
        return functional.grid_sample(images, grid.to(images), align_corners=False)


def draw(count: int, augment: Augment, generator: torch.Generator) -> Change:
    """Draw how the pictures of a batch are changed.

    Args:
        count: Pictures in the batch.
        augment: The bounds.
        generator: The source of chance, on the CPU, so that every device sees the same draws.
    """
    import torch  # noqa: PLC0415 - seconds to import

    affine = 2 * torch.rand(6, count, generator=generator) - 1
    bend = None
    if augment.elastic is not None:
        bend = 2 * torch.rand(count, 2, ELASTIC_CELLS, ELASTIC_CELLS, generator=generator) - 1
    return Change(augment, affine, bend)


def warp(images: torch.Tensor, augment: Augment, generator: torch.Generator) -> torch.Tensor:
    """Draw changes for a batch of pictures `(n, c, h, w) float` and apply them; see `draw`."""
    return draw(len(images), augment, generator).apply(images)
