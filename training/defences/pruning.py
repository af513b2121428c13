"""Pruning (Liu, Dolan-Gavitt, Garg: Fine-Pruning, 2018): cut off what clean images do not use."""

from __future__ import annotations

import copy

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import nn

from training.defences.base import Defence, Floats, Need, Settings, Subject
from training.defences.verdict import Repaired
from training.models import parts


class Pruning(Settings):
    """How far a network is pruned."""

    most_lost: float = Field(default=0.04, ge=0, le=1)
    """Clean accuracy that may be lost, as a fraction of the held-out images; the paper leaves it to the owner."""


def quietest_first(clean_features: Floats) -> npt.NDArray[np.int64]:
    """The channels `(d,)` by how strongly clean images activate them on average, weakest first.

    Args:
        clean_features: Of clean images, `(n, d)`.
    """
    return np.argsort(clean_features.mean(axis=0), kind="stable")


def pruned(head: nn.Linear, clean_features: Floats, fraction: float) -> nn.Linear:
    """A classification layer blind to the channels that clean images use least.

    Args:
        head: The network's classification layer.
        clean_features: Of clean images, `(n, d)`; their means decide.
        fraction: Of the channels, 0 to 1, that is cut off.
    """
    quiet = quietest_first(clean_features)[: round(fraction * clean_features.shape[1])]
    made = copy.deepcopy(head)
    with torch.no_grad():
        made.weight[:, torch.from_numpy(quiet)] = 0
    return made


def last_within(head: nn.Linear, features: Floats, labels: npt.NDArray[np.int64], most_lost: float) -> float:
    """The largest fraction of channels that can go, one after the other, before more accuracy is lost than allowed.

    Args:
        head: The classification layer.
        features: Of clean images, `(n, d)`.
        labels: The images' labels, `(n,)`.
        most_lost: As in `Pruning`.
    """
    weight, bias = (each.detach().cpu().numpy().astype(np.float64) for each in (head.weight, head.bias))
    logits = features @ weight.T + bias
    allowed = (logits.argmax(axis=1) == labels).mean() - most_lost
    for count, channel in enumerate(quietest_first(features)):
        logits -= features[:, channel, None] * weight[None, :, channel]
        if (logits.argmax(axis=1) == labels).mean() < allowed:
            return count / len(features[0])
    return 1.0


def examine(subject: Subject, how: Pruning) -> Repaired:
    """Prune the features that the classification layer reads, without the fine-tuning that the paper adds."""
    module, clean = subject.require_network().module, subject.clean
    _, embed = parts.split(module, 0)
    features = subject.activations(embed, clean.images)
    head = parts.head(module)
    fraction = last_within(head, features, clean.labels, how.most_lost)
    made = parts.with_head(module, pruned(head, features, fraction))
    return subject.repaired(made, len(clean.labels), fraction_pruned=fraction)


DEFENCE = Defence(
    name="pruning",
    title="Pruning",
    paper="Liu, Dolan-Gavitt, Garg: Fine-Pruning: Defending Against Backdooring Attacks on Deep Neural Networks, 2018",
    needs=frozenset({Need.NETWORK, Need.CLEAN}),
    settings=Pruning(),
    examine=examine,
)
