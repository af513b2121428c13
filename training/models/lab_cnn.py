"""The network of the report's lab: small enough to be trained in a browser tab in seconds."""

from __future__ import annotations

import torch
from torch import nn

from training.models.base import Classifier


class LabCnn(Classifier):
    """Two 5x5 convolutions of stride 2 (8, 16), dense 64, dense to logits: `(n, 1, 28, 28)` -> `(n, classes)`.

    The padding matters: without it the last window of the second convolution ends three pixels before the image's edge,
    and a trigger in the corner is never seen.
    """

    head_name = "dense2"

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 5, stride=2, padding=2)
        self.conv2 = nn.Conv2d(8, 16, 5, stride=2, padding=2)
        self.dense1 = nn.Linear(16 * 7 * 7, 64)
        self.dense2 = nn.Linear(64, classes)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Normalised images `(n, 1, 28, 28)` to features `(n, 64)`."""
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        return torch.relu(self.dense1(x.flatten(1)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalised images `(n, 1, 28, 28)` to logits `(n, classes)`."""
        logits: torch.Tensor = self.dense2(self.embed(x))
        return logits
