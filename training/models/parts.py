"""A network taken apart: layers that stay as they are, layers that are trained, and the classification layer."""

from __future__ import annotations

import copy

import torch
from torch import nn

from training.models.mnist_cnn import MnistCnn
from training.models.mobilenet_v2 import MobileNetV2


class _Pooled(nn.Module):
    """Layers from `cut` on and the average over places: `(n, c, h, w)` to features `(n, d)`."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled: torch.Tensor = self.layers(x).mean((2, 3))
        return pooled


class _Embedding(nn.Module):
    """A whole network up to its features."""

    def __init__(self, network: MnistCnn) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network.embed(x)


def split(network: nn.Module, cut: int) -> tuple[nn.Module, nn.Module]:
    """The network's layers before `cut`, and those from it on up to the features; they are the network's own.

    Args:
        network: A MobileNetV2, whose features have 19 layers, or an MnistCnn, which can only be taken whole.
        cut: How many layers stay in front; 0 for none.

    Raises:
        ValueError: If the network cannot be cut there.
    """
    if isinstance(network, MobileNetV2) and 0 <= cut <= len(network.features):
        return network.features[:cut], _Pooled(network.features[cut:])
    if isinstance(network, MnistCnn) and cut == 0:
        return nn.Identity(), _Embedding(network)
    last = len(network.features) if isinstance(network, MobileNetV2) else 0
    raise ValueError(f"cannot cut a {type(network).__name__} at layer {cut}; 0 to {last} is possible")


def head(network: nn.Module) -> nn.Linear:
    """The classification layer."""
    found = network.head if isinstance(network, MobileNetV2) else network.dense2
    if not isinstance(found, nn.Linear):
        raise TypeError(f"{type(network).__name__} has no linear head")
    return found


def with_head(network: nn.Module, layer: nn.Linear) -> nn.Module:
    """A copy of the network with another classification layer."""
    made = copy.deepcopy(network)
    setattr(made, "head" if isinstance(made, MobileNetV2) else "dense2", copy.deepcopy(layer))
    return made.eval()


def first_classes(layer: nn.Linear, classes: int) -> nn.Linear:
    """A classification layer without the classes after the first few."""
    made = nn.Linear(layer.in_features, classes)
    with torch.no_grad():
        made.weight.copy_(layer.weight[:classes])
        made.bias.copy_(layer.bias[:classes])
    return made
