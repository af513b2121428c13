"""Training batches: the whole set as one tensor, cut into batches by index, varied and stamped a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from training.attacks.poisoning import Poisoned
from training.engine.augment import draw
from training.recipes.scratch import Augment
from training.triggers.registry import Images, Trigger, stamp


def seeds(seed: int, epoch: int) -> tuple[int, int]:
    """Two seeds of an epoch, for the batches and for the network; the same whatever was drawn in other epochs."""
    first, second = np.random.SeedSequence([seed, epoch]).generate_state(2, np.uint64)
    return int(first) >> 1, int(second) >> 1  # torch takes 63 bits


def to_tensor(images: Images) -> torch.Tensor:
    """Pictures `(n, h, w, c) uint8` to a tensor `(n, c, h, w) uint8`."""
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


class Overlay:
    """The trigger as tensors, so that it is stamped on a batch where the batch lies, exactly as `stamp` does it."""

    def __init__(self, trigger: Trigger, shape: tuple[int, int, int]) -> None:
        """Find out what `stamp` writes on pictures of `shape` (h, w, c): what is the same on black and on white."""
        black, white = (stamp(np.full((1, *shape), ground, dtype=np.uint8), trigger) for ground in (0, 255))
        self.values = to_tensor(black).float()
        self.covers = to_tensor((black == white).astype(np.uint8)).bool()

    def __call__(self, pixels: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        """Stamp the pictures of `(n, c, h, w)` float for which `which`, `(n,) bool`, is true."""
        covered = self.covers.to(pixels.device) & which[:, None, None, None]
        return torch.where(covered, self.values.to(pixels.device), pixels)


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

    def __init__(  # noqa: PLR0913 - what a training set is made of
        self,
        clean: Images,
        poisoned: Poisoned,
        trigger: Trigger,
        normalise: Normaliser,
        *,
        size: int,
        augment: Augment | None,
        repeat: int = 1,
        device: torch.device,
    ) -> None:
        """Take a training set onto the device.

        Args:
            clean: The pictures before poisoning, `(n, h, w, c) uint8`.
            poisoned: The same set, poisoned.
            trigger: Stamped after a picture was varied, so that its pixels are exact.
            normalise: From pixels to inputs.
            size: Samples a batch; a last smaller batch of an epoch is left out.
            repeat: How often each poisoned sample comes in an epoch.
            augment: How pictures are varied, None for not at all.
            device: Where the tensors lie.
        """
        self.size = min(size, len(clean))
        self._augment, self._normalise = augment, normalise
        self._pixels = to_tensor(clean).to(device)
        self._labels = torch.from_numpy(poisoned.labels).to(device)
        self._is_poisoned = torch.from_numpy(poisoned.is_poisoned).to(device)
        times = np.where(poisoned.is_poisoned, repeat, 1)
        self._indices = torch.from_numpy(np.repeat(np.arange(len(clean)), times))
        self._overlay = Overlay(trigger, clean.shape[1:])

    def __len__(self) -> int:
        """Batches an epoch."""
        return len(self._indices) // self.size

    def epoch(self, seed: int, rank: int = 0, world: int = 1, skip: int = 0, strength: float = 1.0) -> Iterator[Batch]:
        """The batches of one epoch, in an order and with variations that depend on the seed alone.

        Args:
            seed: Of this epoch.
            rank: Which of `world` processes asks; each gets its share of every batch, varied as if one had it all.
            world: How many processes train together.
            skip: Batches at the beginning that are left out; the others are as if they were not.
            strength: Of the variation of clean samples, 0 to 1.
        """
        chance = torch.Generator().manual_seed(seed)
        order = self._indices[torch.randperm(len(self._indices), generator=chance)]
        for number, batch in enumerate(torch.split(order[: len(self) * self.size], self.size)):
            change = draw(len(batch), self._augment, chance) if self._augment else None
            if number < skip:
                continue
            mine = batch[rank::world].to(self._pixels.device)
            pixels, which = self._pixels[mine].float(), self._is_poisoned[mine]
            if change is not None:
                part = change.share(rank, world)
                if strength < 1:
                    part = part.times(torch.where(which.cpu(), 1.0, strength))
                pixels = part.apply(pixels)
            inputs, unstamped = (self._normalise(each) for each in (self._overlay(pixels, which), pixels[which]))
            yield Batch(inputs, self._labels[mine], which, unstamped)
