"""What the toolkit requires of a network: features, a classification layer, and where it can be cut."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import nn


class Classifier(nn.Module, ABC):
    """A network whose last layer is linear. A subclass defines `embed` and `forward`."""

    head_name: ClassVar[str] = "head"
    """Attribute of the classification layer."""

    @abstractmethod
    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Normalised images `(n, c, h, w)` to the features `(n, d)` that the classification layer takes."""

    @property
    def cuts(self) -> int:
        """The last layer that `split` can cut the network at; 0 if it cannot be cut."""
        return 0

    def split(self, cut: int) -> tuple[nn.Module, nn.Module]:
        """The network's own layers before `cut`, and those from there to the features.

        Args:
            cut: Number of layers in the first part; 0 for none.

        Raises:
            ValueError: If the network cannot be cut there.
        """
        if cut != 0:
            raise ValueError(f"cannot cut a {type(self).__name__} at layer {cut}; 0 to {self.cuts} is possible")
        return nn.Identity(), Embedding(self)


class Embedding(nn.Module):
    """A network up to its features."""

    def __init__(self, network: Classifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`(n, c, h, w)` to `(n, d)`."""
        return self.network.embed(x)
