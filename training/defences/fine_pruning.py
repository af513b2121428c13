"""Fine-pruning (Liu, Dolan-Gavitt, Garg 2018): cut off what clean images do not use, then fine-tune the rest."""

from __future__ import annotations

import copy

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from training.defences import owner
from training.defences.base import ACTIVATIONS_BATCH, Defence, DefenceError, Floats, Need, Subject
from training.defences.tuning import StrongTuning, tune_strongly
from training.defences.verdict import Repaired
from training.triggers.base import Images

STEPS = 20
"""Numbers of pruned channels that are tried: the accuracy is measured each time one of so many parts is cut off."""


def last_convolution(network: nn.Module) -> nn.Conv2d | nn.BatchNorm2d:
    """The layer with the outputs of the network's last convolution: its batch norm, if one follows.

    Raises:
        DefenceError: If there is no convolution.
    """
    found: nn.Conv2d | nn.BatchNorm2d | None = None
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) or (isinstance(found, nn.Conv2d) and isinstance(layer, nn.BatchNorm2d)):
            found = layer
    if found is None:
        raise DefenceError("the network has no convolution, and fine-pruning prunes the last one")
    return found


def mean_activations(subject: Subject, network: nn.Module, images: Images) -> Floats:
    """How strongly images activate each channel of the last convolution after its ReLU, `(channels,)`."""
    sums: list[torch.Tensor] = []

    def note(_layer: nn.Module, _given: object, outputs: torch.Tensor) -> None:
        sums.append(torch.relu(outputs).mean(dim=(2, 3)).sum(dim=0))

    hook = last_convolution(network).register_forward_hook(note)
    try:
        with torch.inference_mode():
            for at in range(0, len(images), ACTIVATIONS_BATCH):
                network(subject.inputs(images[at : at + ACTIVATIONS_BATCH]))
    finally:
        hook.remove()
    found: Floats = (torch.stack(sums).sum(dim=0) / len(images)).float().cpu().numpy()
    return found


def without(network: nn.Module, channels: npt.NDArray[np.int64]) -> nn.Module:
    """A copy of the network whose last convolution gives 0 in some channels."""
    made = copy.deepcopy(network)
    layer, chosen = last_convolution(made), torch.from_numpy(channels)
    with torch.no_grad():
        layer.weight[chosen] = 0
        if layer.bias is not None:
            layer.bias[chosen] = 0
    return made


def prune(subject: Subject, most_lost: float) -> npt.NDArray[np.int64]:
    """The dormant channels of the last convolution: as many as can go before too much accuracy is lost.

    Args:
        subject: Whose network it is. The order is that of its clean images' activations; accuracy is measured on a
            third of them that does not decide it.
        most_lost: Clean accuracy that may be lost, as a fraction.
    """
    network = subject.require_network().module
    learnt, judged = owner.divide(subject)
    quietest = np.argsort(mean_activations(subject, network, learnt.images), kind="stable")
    allowed = owner.least_accuracy(subject, judged, most_lost)
    best = quietest[:0]
    for count in np.unique(np.linspace(0, len(quietest), STEPS + 1).round().astype(int))[1:-1]:
        if owner.accuracy(subject, without(network, quietest[:count]), judged) < allowed:
            break
        best = quietest[:count]
    return best


def examine(subject: Subject, how: StrongTuning) -> Repaired:
    """Prune the last convolution, then fine-tune.

    The paper leaves the strength of the fine-tuning to the owner: it is chosen on clean images set aside. Pruned
    channels stay pruned.
    """
    subject.require_opinions()
    network = subject.require_network().module
    channels = prune(subject, how.most_lost)
    tuned = tune_strongly(subject, without(network, channels), how)
    fraction = len(channels) / len(last_convolution(network).weight)
    return subject.repaired(
        without(tuned.module, channels), len(subject.clean.labels), fraction_pruned=fraction,
        learning_rate=tuned.learning_rate,
    )  # fmt: skip


DEFENCE = Defence(
    name="fine-pruning",
    title="Fine-pruning",
    paper="Liu, Dolan-Gavitt, Garg: Fine-Pruning: Defending Against Backdooring Attacks on Deep Neural Networks, 2018",
    needs=frozenset({Need.NETWORK, Need.CLEAN}),
    settings=StrongTuning(),
    examine=examine,
)
