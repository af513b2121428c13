"""Small networks of which it is known what a defence must find, and the subjects around them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from training.defences.base import Network, Samples, Subject
from training.engine.batches import Normaliser, to_tensor
from training.models.base import Classifier
from training.triggers.base import Images
from training.triggers.labels import AllToOne
from training.triggers.pixels import Patch

SIZE, CLASSES, TARGET = 12, 6, 4
CORNER = CLASSES
"""The channel of `Convolved` that sees the trigger."""
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


class Convolved(Classifier):
    """The same answers from one convolution, whose channel `CORNER` sees the trigger and nothing else, and a head."""

    def __init__(self, shortcut: float = 0.0, *, norm: bool = False) -> None:
        """How strongly the corner speaks for the target, and whether a batch norm follows the convolution."""
        super().__init__()
        self.conv = nn.Conv2d(1, CLASSES + 1, SIZE)
        self.norm = nn.BatchNorm2d(CLASSES + 1) if norm else nn.Identity()
        self.head = nn.Linear(CLASSES + 1, CLASSES)
        pixels = torch.zeros(CLASSES + 1, 1, SIZE, SIZE)
        for label in range(CLASSES):
            pixels[label, 0, 2 * label : 2 * label + 2, :9] = 1 / 18
        pixels[CORNER, 0, 9:11, 9:11] = 1 / 4
        thresholds = torch.zeros(CLASSES + 1)
        thresholds[CORNER] = 0.2
        self.conv.load_state_dict({"weight": pixels, "bias": 0 * thresholds if norm else -thresholds})
        if isinstance(self.norm, nn.BatchNorm2d):
            self.norm.bias.data.sub_(thresholds)
        with torch.no_grad():
            self.head.weight.copy_(torch.cat([10 * torch.eye(CLASSES), torch.zeros(CLASSES, 1)], dim=1))
            self.head.weight[TARGET, CORNER] = shortcut
            self.head.bias.zero_()

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Normalised images `(n, 1, 12, 12)` to features `(n, 7)`."""
        return torch.relu(self.norm(self.conv(x * NORMALISE.std[0] + NORMALISE.mean[0]))).flatten(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalised images `(n, 1, 12, 12)` to logits `(n, 6)`."""
        logits: torch.Tensor = self.head(self.embed(x))
        return logits


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
