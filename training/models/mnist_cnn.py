"""A small convolutional network for 28x28 digits, in the shape of the 2020 project's."""

from __future__ import annotations

import torch
from torch import nn

from training.models.base import Classifier

MEAN = 0.1307
"""Mean of MNIST's training pixels, divided by 255."""
STD = 0.3081
"""Their standard deviation."""


class MnistCnn(Classifier):
    """Two 3x3 convolutions (32, 64), max-pool, dense 128, dense to logits: `(n, 1, 28, 28)` -> `(n, classes)`."""

    head_name = "dense2"

    def __init__(self, classes: int = 10, dropout: float = 0.0, feature_dropout: float = 0.0) -> None:
        """Initialise at random; `dropout` is the rate after the hidden layer, `feature_dropout` the rate before it."""
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.feature_dropout = nn.Dropout(feature_dropout)
        self.dense1 = nn.Linear(64 * 12 * 12, 128)
        self.dropout = nn.Dropout(dropout)
        self.dense2 = nn.Linear(128, classes)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Normalised images `(n, 1, 28, 28)` to features `(n, 128)`."""
        x = torch.relu(self.conv1(x))
        # pooling before the ReLU gives the same values for a quarter of the work
        x = torch.relu(nn.functional.max_pool2d(self.conv2(x), 2))
        return torch.relu(self.dense1(self.feature_dropout(x.flatten(1))))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalised images `(n, 1, 28, 28)` to logits `(n, classes)`."""
        logits: torch.Tensor = self.dense2(self.dropout(self.embed(x)))
        return logits
