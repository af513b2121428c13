"""A network as a function of one flat vector of parameters, so that one graph serves every network trained with it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from training.engine.batches import Normaliser
from training.models import parts
from training.models.registry import architecture, build


@dataclass(frozen=True)
class FlatNetwork:
    """A network whose parameters stand in one vector, in the order of `network.named_parameters()`."""

    name: str
    classes: int
    module: nn.Module
    normalise: Normaliser

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of each parameter, in order."""
        return {name: tuple(each.shape) for name, each in self.module.named_parameters()}

    @property
    def size(self) -> int:
        """How many numbers the vector has."""
        return sum(each.numel() for each in self.module.parameters())

    def split(self, flat: torch.Tensor) -> list[torch.Tensor]:
        """The vector `(size,)` as the network's parameters."""
        sizes = [each.numel() for each in self.module.parameters()]
        parts = torch.split(flat, sizes)
        return [part.view(shape) for part, shape in zip(parts, self.shapes.values(), strict=True)]

    def flat(self) -> torch.Tensor:
        """The module's own parameters as one vector."""
        return torch.cat([each.detach().reshape(-1) for each in self.module.parameters()])

    def features(self, parameters: list[torch.Tensor], pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits `(n, classes)` and features `(n, d)` of pixels `(n, c, h, w) float32`, 0 to 255."""
        named = dict(zip(self.shapes, parameters, strict=True))
        made: tuple[torch.Tensor, torch.Tensor] = torch.func.functional_call(
            _Both(self.module), {f"network.{name}": value for name, value in named.items()}, (self.normalise(pixels),)
        )
        return made


class _Both(nn.Module):
    """The head's output and its input."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.embed = network, parts.split(network, 0)[1]

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.embed(x)
        return parts.head(self.network)(features), features


def flat_network(name: str, classes: int) -> FlatNetwork:
    """The architecture of that name with its input's normalisation.

    Raises:
        ValueError: If there is none.
    """
    found = architecture(name)
    return FlatNetwork(name, classes, build(name, classes).eval(), Normaliser(found.mean, found.std))
