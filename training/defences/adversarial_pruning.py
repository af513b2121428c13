"""Adversarial neuron pruning (Wu and Wang 2021): cut off the neurons that make a slightly changed network err."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from pydantic import Field
from torch import nn

from training.defences import owner
from training.defences.base import Defence, DefenceError, Need, Samples, Settings, Subject
from training.defences.batching import in_parts
from training.defences.verdict import Repaired
from training.models import parts

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""Of the masks, as in the authors' code: neurons whose mask is not larger are pruned."""

Neurons = nn.Conv2d | nn.Linear | nn.BatchNorm2d


class AdversarialPruning(Settings):
    """The paper's values, but for the number of steps."""

    epsilon: float = Field(default=0.4, gt=0)
    """How far the adversary changes a neuron's weights and bias, as a fraction of them."""
    alpha: float = Field(default=0.2, ge=0, le=1)
    """Weight of the unchanged network's loss; the changed one's has the rest."""
    learning_rate: float = Field(default=0.2, gt=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    steps: int = Field(default=200, ge=1)
    """Of the masks' descent; the paper's 2,000. On digits, 800 prune as many neurons as 200."""
    batch_size: int = Field(default=128, ge=1)
    most_lost: float = Field(default=0.04, ge=0, le=1)
    """Clean accuracy that may be lost, as a fraction of the images that judge; the paper leaves the threshold open."""


def neurons(network: nn.Module) -> list[Neurons]:
    """The layers whose channels are neurons: batch norms, as in the authors' code, or all but the classification layer.

    Raises:
        DefenceError: If there is none.
    """
    layers: list[Neurons] = [each for each in network.modules() if isinstance(each, nn.BatchNorm2d)]
    if not layers:
        head = parts.head(network)
        layers = [each for each in network.modules() if isinstance(each, nn.Conv2d | nn.Linear) and each is not head]
    if not layers:
        raise DefenceError("the network has no layer before its classification layer, so no neuron to prune")
    return layers


class Change(NamedTuple):
    """What is changed of a layer's neurons, each `(channels,)`."""

    weights: torch.Tensor
    """Factor of the weights: the mask plus the adversary's delta."""
    biases: torch.Tensor
    """Factor of the biases: one plus the adversary's xi."""


@contextlib.contextmanager
def changed(layers: list[Neurons], changes: list[Change]) -> Iterator[None]:
    """While this lasts, the layers answer as if their weights and biases were multiplied."""

    def hook(change: Change, layer: Neurons, _given: object, outputs: torch.Tensor) -> torch.Tensor:
        shape = (1, -1) + (1,) * (outputs.dim() - 2)
        if layer.bias is None:
            return outputs * change.weights.view(shape)
        bias = layer.bias.view(shape)
        return (outputs - bias) * change.weights.view(shape) + bias * change.biases.view(shape)

    hooks = [
        layer.register_forward_hook(lambda *given, change=change: hook(change, *given))
        for layer, change in zip(layers, changes, strict=True)
    ]
    try:
        yield
    finally:
        for each in hooks:
            each.remove()


def optimised_masks(
    subject: Subject, network: nn.Module, clean: Samples, how: AdversarialPruning
) -> list[torch.Tensor]:
    """The masks `(channels,)` of each layer of neurons, 0 to 1.

    Each step, an adversary changes all weights and biases, from a random point by one step of the sign of the gradient,
    so that the loss is large; then the masks descend on both losses. Batch norms stay in evaluation mode.

    Args:
        subject: Whose seed, device and progress are used.
        network: A copy that may be worked with.
        clean: The images that the masks are optimised on.
        how: The settings.
    """
    layers, rng = neurons(network.requires_grad_(requires_grad=False)), torch.Generator().manual_seed(subject.seed)
    sizes = [len(each.weight) for each in layers]
    inputs, labels = subject.inputs(clean.images), torch.from_numpy(clean.labels).to(subject.device)
    masks = [torch.ones(size, device=subject.device, requires_grad=True) for size in sizes]
    optimiser = torch.optim.SGD(masks, how.learning_rate, how.momentum)
    ones = [torch.ones(size, device=subject.device) for size in sizes]

    def loss(batch: torch.Tensor, changes: list[Change]) -> torch.Tensor:
        with changed(layers, changes):
            return nn.functional.cross_entropy(network(inputs[batch]), labels[batch])

    for step in range(how.steps):
        batch = torch.randperm(len(inputs), generator=rng)[: how.batch_size].to(subject.device)
        start = [how.epsilon * (2 * torch.rand(2, size, generator=rng) - 1).to(subject.device) for size in sizes]
        moves = [each.requires_grad_(True) for each in start]
        fixed = [each.detach() for each in masks]
        for part, share in in_parts(batch, inputs.shape):
            worse = loss(part, [Change(mask + move[0], 1 + move[1]) for mask, move in zip(fixed, moves, strict=True)])
            (share * worse).backward()  # type: ignore[no-untyped-call]
        moved = [(move.detach() + how.epsilon * _slope(move).sign()).clamp(-how.epsilon, how.epsilon) for move in moves]
        optimiser.zero_grad()
        for part, share in in_parts(batch, inputs.shape):
            attacked = loss(
                part, [Change(mask + move[0], 1 + move[1]) for mask, move in zip(masks, moved, strict=True)]
            )
            natural = loss(part, [Change(mask, one) for mask, one in zip(masks, ones, strict=True)])
            (share * (how.alpha * natural + (1 - how.alpha) * attacked)).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        with torch.no_grad():
            for mask in masks:
                mask.clamp_(0, 1)
        subject.progress(step + 1, how.steps)
    return [each.detach() for each in masks]


def _slope(given: torch.Tensor) -> torch.Tensor:
    """The gradient; 0 where nothing depends on it."""
    return torch.zeros_like(given) if given.grad is None else given.grad


def pruned(network: nn.Module, masks: list[torch.Tensor], threshold: float) -> nn.Module:
    """A copy of the network without the weights of neurons whose mask is at most the threshold; biases stay."""
    made = copy.deepcopy(network)
    with torch.no_grad():
        for layer, mask in zip(neurons(made), masks, strict=True):
            layer.weight[mask <= threshold] = 0
    return made


def examine(subject: Subject, how: AdversarialPruning) -> Repaired:
    """Optimise the masks, and prune at the largest threshold that keeps the accuracy on images set aside for it."""
    subject.require_opinions()
    network = subject.require_network().module
    learnt, judged = owner.divide(subject)
    masks = optimised_masks(subject, copy.deepcopy(network), learnt, how)
    if not all(torch.isfinite(mask).all() for mask in masks):
        raise DefenceError("the masks of the network's neurons are not finite")
    allowed = owner.least_accuracy(subject, judged, how.most_lost)
    best, chosen = network, 0.0
    for threshold in THRESHOLDS:
        made = pruned(network, masks, threshold)
        if owner.accuracy(subject, made, judged) < allowed:
            break
        best, chosen = made, threshold
    values = np.concatenate([mask.cpu().numpy() for mask in masks])
    fraction = float((values <= chosen).mean()) if chosen else 0.0
    return subject.repaired(best, len(subject.clean.labels), threshold=chosen, fraction_pruned=fraction)


DEFENCE = Defence(
    name="adversarial-pruning",
    title="Adversarial neuron pruning",
    paper="Wu, Wang: Adversarial Neuron Pruning Purifies Backdoored Deep Models, 2021",
    needs=frozenset({Need.NETWORK, Need.CLEAN}),
    settings=AdversarialPruning(),
    examine=examine,
)
