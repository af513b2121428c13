"""Random augmentation of a batch of images: one warp for the whole batch, seeded, on any device."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional

from training.recipes.scratch import Augment

ELASTIC_CELLS = 6
"""Points along each side at which elastic displacements are drawn; they are interpolated in between."""


@dataclass(frozen=True)
class Change:
    """The augmentation drawn for each image of a batch."""

    augment: Augment
    affine: torch.Tensor
    """`(6, n)`, -1 to 1: rotation, shear, height, width, down, right."""
    bend: torch.Tensor | None
    """`(n, 2, cells, cells)`, -1 to 1."""

    def part(self, rank: int, world: int) -> Change:
        """The rows for the images of one of `world` processes."""
        if world == 1:
            return self
        bend = self.bend if self.bend is None else self.bend[rank::world]
        return Change(self.augment, self.affine[:, rank::world], bend)

    def times(self, strengths: torch.Tensor) -> Change:
        """A weaker change: each image's times its strength, `(n,)`, 0 to 1."""
        bend = self.bend if self.bend is None else self.bend * strengths[:, None, None, None]
        return Change(self.augment, self.affine * strengths, bend)

    def apply(self, images: torch.Tensor) -> torch.Tensor:
        """Augment images `(n, c, h, w) float`, bilinear, with black outside."""
        _, _, height, width = images.shape
        augment = self.augment
        turn, shear, tall, wide, down, right = self.affine
        angle = turn * math.radians(augment.degrees)
        tall, wide = 1 + tall * augment.scale, 1 + wide * augment.scale
        # affine_grid measures in half images
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


def draw(count: int, augment: Augment, rng: torch.Generator) -> Change:
    """Draw the augmentation of a batch.

    Args:
        count: Images in the batch.
        augment: The bounds.
        rng: On the CPU, so that every device gets the same draws.
    """
    affine = 2 * torch.rand(6, count, generator=rng) - 1
    bend = None
    if augment.elastic is not None:
        bend = 2 * torch.rand(count, 2, ELASTIC_CELLS, ELASTIC_CELLS, generator=rng) - 1
    return Change(augment, affine, bend)


def warp(images: torch.Tensor, augment: Augment, rng: torch.Generator) -> torch.Tensor:
    """Draw an augmentation for images `(n, c, h, w) float` and apply it; see `draw`."""
    return draw(len(images), augment, rng).apply(images)
