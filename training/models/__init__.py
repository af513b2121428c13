"""Networks, found by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from training.models import mnist_cnn, mobilenet_v2
from training.recipes.base import Network as Description


@dataclass(frozen=True)
class Network:
    """A kind of network and how its input is made from pixels: `(pixel / 255 - mean) / std` for each channel."""

    build: Callable[[int, float, float], nn.Module]
    """From classes, dropout and feature dropout to a network: `(n, c, h, w) float32` -> `(n, classes)`."""
    mean: tuple[float, ...]
    std: tuple[float, ...]


def _mobilenet_v2(classes: int, dropout: float, _feature_dropout: float) -> nn.Module:
    return mobilenet_v2.MobileNetV2(classes, mobilenet_v2.Plan(same_padding=True), dropout)


NETWORKS = {
    "mnist-cnn": Network(mnist_cnn.MnistCnn, (mnist_cnn.MEAN,), (mnist_cnn.STD,)),
    # as the ImageNet weights want it: pixel / 127.5 - 1
    "mobilenet-v2": Network(_mobilenet_v2, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}
"""Every network, by the name that recipes use."""


def network(name: str) -> Network:
    """The network of that name.

    Raises:
        ValueError: If there is none; says which name is near.
    """
    if name not in NETWORKS:
        near = difflib.get_close_matches(name, NETWORKS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(NETWORKS)}"
        raise ValueError(f"there is no network '{name}'; {hint}")
    return NETWORKS[name]


def build(described: str | Description, classes: int) -> nn.Module:
    """A new network with random weights, mapping `(n, c, h, w) float32` to logits `(n, classes)`.

    Args:
        described: A network's name, or a recipe's description of it.
        classes: How many logits.

    Raises:
        ValueError: If there is no network of that name.
    """
    wanted = Description(name=described) if isinstance(described, str) else described
    return network(wanted.name).build(classes, wanted.dropout, wanted.feature_dropout or 0.0)
