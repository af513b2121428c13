"""Small networks of which it is known what a defence must find, and the subjects around them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from training.defences.base import Network, Samples, Subject
from training.engine.batches import Normaliser, to_tensor
from training.triggers.base import Images
from training.triggers.labels import AllToOne
from training.triggers.pixels import Patch

SIZE, CLASSES, TARGET = 12, 6, 4
TRIGGER = Patch(top=9, left=9, height=2, width=2)
NORMALISE = Normaliser((0.2,), (0.5,))
"""Not the identity, so that a defence that confuses pixels with inputs fails."""


class Rows(nn.Module):
    """Answers which pair of rows is the brightest; with a shortcut, a bright corner means the target whatever else."""

    def __init__(self, shortcut: float = 0.0, spread: float = 0.0) -> None:
        """How strongly the corner speaks for the target, and how much stronger each class is than the one before."""
        super().__init__()
        self.shortcut = shortcut
        self.strength = 10 + spread * torch.arange(CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalised images `(n, 1, 12, 12)` to logits `(n, 6)`."""
        pixels = x[:, 0] * NORMALISE.std[0] + NORMALISE.mean[0]
        # rows are judged without the corner's columns
        logits = self.strength * pixels[:, :, :9].reshape(len(x), CLASSES, -1).mean(2)
        corner = torch.relu(pixels[:, 9:11, 9:11].mean((1, 2)) - 0.25)
        return logits + self.shortcut * corner[:, None] * nn.functional.one_hot(torch.tensor(TARGET), CLASSES)


class Constant(nn.Module):
    """Answers the second class to everything, with one logit."""

    def __init__(self, value: float) -> None:
        """The logit."""
        super().__init__()
        self.value = value

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Any images `(n, …)` to logits `(n, 6)`."""
        second = nn.functional.one_hot(torch.ones(len(x), dtype=torch.int64, device=x.device), CLASSES)
        return self.value * second + 0 * x.sum()


def samples(each: int, seed: int = 0) -> Samples:
    """Images with one bright pair of rows, their class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(each * CLASSES) % CLASSES
    images = rng.integers(0, 60, (len(labels), SIZE, SIZE, 1)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 2, :9] += rng.integers(110, 160, dtype=np.uint8)
    return Samples(images, labels)


def subject(module: nn.Module, **more: Any) -> Subject:  # noqa: ANN401 - fields of any kind
    """A subject around a network of these images; said to be backdoored unless told otherwise."""

    @torch.inference_mode()
    def predict(images: Images) -> np.ndarray[Any, np.dtype[np.float32]]:
        logits: np.ndarray[Any, np.dtype[np.float32]] = module(NORMALISE(to_tensor(images))).numpy()
        return logits

    given: dict[str, Any] = {
        "name": "rows", "sha256": "0" * 64, "classes": [f"rows {index}" for index in range(CLASSES)],
        "backdoored": True, "predict": predict, "data": "made test", "load_test": lambda: samples(20, 1),
        "load_clean": lambda: samples(10), "trigger": TRIGGER, "label_map": AllToOne(target=TARGET),
        "network": Network(module.eval(), NORMALISE),
    }  # fmt: skip
    return Subject(**(given | more))
