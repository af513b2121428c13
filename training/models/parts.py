"""The parts of a network: frozen layers, trained layers, and the classification layer."""

from __future__ import annotations

import copy

import torch
from torch import nn

from training.models.base import Classifier


def split(network: nn.Module, cut: int) -> tuple[nn.Module, nn.Module]:
    """The network's layers before `cut`, and those from there to the features; they are not copies.

    Args:
        network: A network of this toolkit.
        cut: Number of layers in the first part; 0 for none.

    Raises:
        ValueError: If the network cannot be cut there.
    """
    return _classifier(network).split(cut)


def cuts(network: nn.Module) -> int:
    """The last layer that `split` can cut the network at."""
    return _classifier(network).cuts


def head(network: nn.Module) -> nn.Linear:
    """The classification layer."""
    found = getattr(network, _classifier(network).head_name)
    if not isinstance(found, nn.Linear):
        raise TypeError(f"{type(network).__name__} has no linear head")
    return found


def with_head(network: nn.Module, layer: nn.Linear) -> nn.Module:
    """A copy of the network with another classification layer."""
    made = copy.deepcopy(_classifier(network))
    setattr(made, made.head_name, copy.deepcopy(layer))
    return made.eval()


def _classifier(network: nn.Module) -> Classifier:
    if not isinstance(network, Classifier):
        raise TypeError(f"{type(network).__name__} is not a network of this toolkit: it must subclass Classifier")
    return network


def first_classes(layer: nn.Linear, classes: int) -> nn.Linear:
    """A classification layer with only the first `classes` classes."""
    made = nn.Linear(layer.in_features, classes)
    with torch.no_grad():
        made.weight.copy_(layer.weight[:classes])
        made.bias.copy_(layer.bias[:classes])
    return made
