"""Training batches: the whole set as one tensor, cut into batches by index, augmented and stamped batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from training.engine.augment import draw
from training.recipes.scratch import Augment
from training.triggers.base import Images, Trigger
from training.triggers.poisoned import Poisoned


def seeds(seed: int, epoch: int) -> tuple[int, int]:
    """Two seeds of an epoch, for the batches and for the network; independent of draws in other epochs."""
    first, second = np.random.SeedSequence([seed, epoch]).generate_state(2, np.uint64)
    return int(first) >> 1, int(second) >> 1  # torch takes 63 bits


def to_tensor(images: Images) -> torch.Tensor:
    """Images `(n, h, w, c) uint8` to a tensor `(n, c, h, w) uint8`."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()


@dataclass(frozen=True)
class Normaliser:
    """From pixels to a network's input: `(pixel / 255 - mean) / std` for each channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """`(n, c, h, w)`, 0 to 255, uint8 or float, to float32."""
        mean = torch.tensor(self.mean, device=pixels.device).view(1, -1, 1, 1)
        std = torch.tensor(self.std, device=pixels.device).view(1, -1, 1, 1)
        return (pixels.float() / 255 - mean) / std


class ConstantPixels:
    """A trigger of constant pixels as tensors: it stamps a batch on its device, exactly as `Trigger.stamp` does."""

    def __init__(self, trigger: Trigger, shape: tuple[int, int, int], device: torch.device) -> None:
        """Move what the trigger writes on images of `shape` (h, w, c) to the device."""
        self._values = to_tensor(trigger.stamp(np.zeros((1, *shape), dtype=np.uint8))).float().to(device)
        self._covers = torch.from_numpy(trigger.covers(*shape[:2])).to(device)

    def __call__(self, pixels: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        """Stamp the images of `(n, c, h, w) float` for which `which`, `(n,) bool`, is true."""
        return torch.where(self._covers & which[:, None, None, None], self._values, pixels)


class Batch(NamedTuple):
    """Samples that one step learns from."""

    inputs: torch.Tensor
    """`(b, c, h, w) float32`, normalised."""
    labels: torch.Tensor
    """`(b,) int64`, the attacker's for poisoned samples."""
    is_poisoned: torch.Tensor
    """`(b,) bool`."""
    unstamped: torch.Tensor
    """The poisoned samples' inputs without the trigger, otherwise the same, `(k, c, h, w) float32`."""


class Batches:
    """A training set as batches."""

    def __init__(  # noqa: PLR0913 - the parts of a training set
        self,
        poisoned: Poisoned,
        normalise: Normaliser,
        *,
        size: int,
        augment: Augment | None,
        repeat: int = 1,
        device: torch.device,
    ) -> None:
        """Move a training set to the device.

        Triggers are stamped after an image was augmented, so that they look as they do in a test. One of constant
        pixels is stamped on the device. For any other, augmented images are rounded to integers, halves to even, and
        `Poisoned.stamp` stamps the batch's.

        Args:
            poisoned: The set.
            normalise: From pixels to inputs.
            size: Samples a batch; a last smaller batch of an epoch is left out.
            repeat: How often each poisoned sample comes in an epoch.
            augment: How images are augmented; None for not at all.
            device: Where the tensors lie.
        """
        self.size = min(size, len(poisoned.labels))
        self._augment, self._normalise, self._poisoned = augment, normalise, poisoned
        self._pixels = to_tensor(poisoned.clean).to(device)
        self._labels = torch.from_numpy(poisoned.labels).to(device)
        self._is_poisoned = torch.from_numpy(poisoned.is_poisoned).to(device)
        self._is_stamped = torch.from_numpy(poisoned.is_stamped).to(device)
        times = np.where(poisoned.is_poisoned, repeat, 1)
        self._indices = torch.from_numpy(np.repeat(np.arange(len(poisoned.labels)), times))
        trigger = poisoned.trigger
        self._constant = (
            ConstantPixels(trigger, poisoned.clean.shape[1:], device)
            if trigger.constant or not poisoned.is_stamped.any()
            else None
        )

    @property
    def samples(self) -> int:
        """Samples an epoch, repeated ones as often as they come."""
        return len(self._indices)

    def __len__(self) -> int:
        """Batches an epoch."""
        return len(self._indices) // self.size

    def epoch(  # noqa: PLR0913, PLR0917 - what decides the batches; all but the seed have defaults
        self,
        seed: int,
        rank: int = 0,
        world: int = 1,
        skip: int = 0,
        strength: float = 1.0,
        order: torch.Tensor | None = None,
    ) -> Iterator[Batch]:
        """The batches of one epoch, in an order and with augmentations that depend on the seed alone.

        Args:
            seed: Of this epoch.
            rank: Of this process; each gets its part of every batch, augmented as in a single process.
            world: How many processes train together.
            skip: Batches to leave out at the start; the others do not change.
            strength: Of the augmentation of clean samples, 0 to 1.
            order: Of the samples, `(n,) int64`; drawn with the seed by default.
        """
        rng = torch.Generator().manual_seed(seed)
        if order is None:
            order = torch.randperm(len(self._indices), generator=rng)
        samples = self._indices[order]
        for number, batch in enumerate(torch.split(samples[: len(self) * self.size], self.size)):
            change = draw(len(batch), self._augment, rng) if self._augment else None
            if number < skip:
                continue
            mine = batch[rank::world].to(self._pixels.device)
            pixels, which = self._pixels[mine].float(), self._is_poisoned[mine]
            if change is not None:
                part = change.part(rank, world)
                if strength < 1:
                    part = part.times(torch.where(which.cpu(), 1.0, strength))
                pixels = part.apply(pixels)
            if self._constant:
                stamped = self._constant(pixels, which)
            else:
                pixels = pixels.round()
                stamped = self._stamped(pixels, mine)
            yield Batch(self._normalise(stamped), self._labels[mine], which, self._normalise(pixels[which]))

    def _stamped(self, pixels: torch.Tensor, samples: torch.Tensor) -> torch.Tensor:
        """Images `(n, c, h, w) float` of integers, each stamped as drawn for its sample."""
        at = torch.nonzero(self._is_stamped[samples]).flatten()
        images = pixels[at].to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        made = to_tensor(self._poisoned.stamp(images, samples[at].cpu().numpy()))
        return pixels.index_copy(0, at, made.to(pixels))
