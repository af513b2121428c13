"""Networks, found by the name that recipes use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from training.core.text import did_you_mean
from training.models import lab_cnn, mnist_cnn, mobilenet_v2
from training.recipes.base import Network


@dataclass(frozen=True)
class Architecture:
    """A kind of network and how its input is made from pixels: `(pixel / 255 - mean) / std` for each channel."""

    build: Callable[[int, float, float], nn.Module]
    """From classes, dropout and feature dropout to a network: `(n, c, h, w) float32` -> `(n, classes)`."""
    mean: tuple[float, ...]
    std: tuple[float, ...]
    usual_cut: int = 0
    """How many layers' activations are cached when nothing says otherwise; see `training.models.parts.split`."""


def _mobilenet_v2(classes: int, dropout: float, _feature_dropout: float) -> nn.Module:
    return mobilenet_v2.MobileNetV2(classes, mobilenet_v2.Plan(same_padding=True), dropout)


def _lab_cnn(classes: int, _dropout: float, _feature_dropout: float) -> nn.Module:
    return lab_cnn.LabCnn(classes)


ARCHITECTURES = {
    "lab-cnn": Architecture(_lab_cnn, (mnist_cnn.MEAN,), (mnist_cnn.STD,)),
    "mnist-cnn": Architecture(mnist_cnn.MnistCnn, (mnist_cnn.MEAN,), (mnist_cnn.STD,)),
    # as the ImageNet weights expect it: pixel / 127.5 - 1
    "mobilenet-v2": Architecture(_mobilenet_v2, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), usual_cut=12),
}
"""Every architecture, by name."""


def architecture(name: str) -> Architecture:
    """The architecture of that name.

    Raises:
        ValueError: If there is none; suggests a similar name.
    """
    if name not in ARCHITECTURES:
        hint = did_you_mean(name, ARCHITECTURES, f"there are: {', '.join(ARCHITECTURES)}")
        raise ValueError(f"there is no network '{name}'; {hint}")
    return ARCHITECTURES[name]


def build(network: str | Network, classes: int) -> nn.Module:
    """A new network with random weights, mapping `(n, c, h, w) float32` to logits `(n, classes)`.

    Args:
        network: A name, or a recipe's description.
        classes: Number of logits.

    Raises:
        ValueError: If there is no architecture of that name.
    """
    wanted = Network(name=network) if isinstance(network, str) else network
    return architecture(wanted.name).build(classes, wanted.dropout, wanted.feature_dropout or 0.0)
