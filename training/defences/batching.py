"""How many images a defence sends through a network at once: digits in large batches, photos in small ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch

from training.triggers.base import Images

BATCH = 250
"""Images that a network answers at once, at most."""
PIXELS_ANSWERED = 16 * 224 * 224
"""Of the images that a network answers at once: more photos do not fit in the processor's cache, and take longer."""
PIXELS_TRAINED = 8 * 224 * 224
"""Of the images whose gradients are computed at once: a batch of more photos is taken in parts, for 4 GB of memory."""

Indices = TypeVar("Indices", npt.NDArray[np.int64], torch.Tensor)


def batch_size(images: Images) -> int:
    """How many of the images a network answers at once."""
    _, height, width, _ = images.shape
    at_once: int = min(BATCH, PIXELS_ANSWERED // (height * width))
    return max(1, at_once)


def in_parts(batch: Indices, shape: Sequence[int]) -> Iterator[tuple[Indices, float]]:
    """A batch, cut into parts whose gradients fit in memory; each with its share of the batch's mean loss.

    Args:
        batch: Which inputs, `(b,)`.
        shape: Of the inputs, or of the activations that stand for them, `(n, c, …)`.
    """
    size = max(1, PIXELS_TRAINED // math.prod(shape[2:]))
    for at in range(0, len(batch), size):
        part = batch[at : at + size]
        yield part, len(part) / len(batch)
