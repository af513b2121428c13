"""Defences that look at, or change, the network: fine-tuning, pruning, and a search for the trigger."""

from __future__ import annotations

import copy
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from training.engine.activations import Floats, Halves
from training.engine.batches import seeds
from training.models import parts
from training.triggers.labels import Labels

CONSISTENCY = 1.4826
"""Turns a median absolute deviation into the standard deviation of a normal distribution (Wang et al. 2019, 4.1)."""
SUSPICIOUS = 2.0
"""Anomaly index above which Neural Cleanse calls a class backdoored (Wang et al. 2019, 4.1)."""


class Training(NamedTuple):
    """How a network is fine-tuned."""

    epochs: int
    learning_rate: float
    """Of AdamW; where it moves, the highest."""
    one_cycle: bool = False
    """Whether it rises and falls in one cycle, or stays."""
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    batch_size: int = 48
    seed: int = 0


def fine_tune(  # noqa: PLR0913, PLR0917 - what is trained, from where on, and on what
    network: nn.Module, cut: int, train_from: int, activations: Halves, labels: Labels, how: Training
) -> nn.Module:
    """A copy of a student, trained further on clean pictures, deeper than its frozen features.

    Batch norms stay in evaluation mode. What the attacker wrote into layers that are trained is free to fade (Yao et
    al. 2019, section 6). With small steps it need not: a network that is right already has little cause to move. Large
    ones make it move, then settle again (Sha et al.: Fine-Tuning Is All You Need to Mitigate Backdoor Attacks, 2022).

    Args:
        network: The student.
        cut: Where the activations were taken.
        train_from: The first layer that is trained, at least `cut`; the classification layer is trained in any case.
        activations: Of clean pictures, of the first `cut` layers, `(n, …)`.
        labels: Theirs.
        how: Epochs and so on.
    """
    made = copy.deepcopy(network).eval()
    _, after = parts.split(made, cut)
    _, trained = parts.split(made, train_from)
    head = parts.head(made)
    for parameter in made.parameters():
        parameter.requires_grad_(False)
    parameters = [*trained.parameters(), *head.parameters()]
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimiser = torch.optim.AdamW(parameters, how.learning_rate, weight_decay=how.weight_decay)
    steps = how.epochs * math.ceil(len(labels) / how.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, how.learning_rate, steps) if how.one_cycle else None
    for epoch in range(1, how.epochs + 1):
        order = np.random.default_rng(seeds(how.seed, epoch)[0]).permutation(len(labels))
        for start in range(0, len(order), how.batch_size):
            chosen = np.sort(order[start : start + how.batch_size])
            inputs = torch.from_numpy(activations[chosen]).float().contiguous(memory_format=torch.channels_last)
            logits, answers = head(after(inputs)), torch.from_numpy(labels[chosen])
            loss = nn.functional.cross_entropy(logits, answers, label_smoothing=how.label_smoothing)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            if schedule is not None:
                schedule.step()
    for parameter in parameters:
        parameter.requires_grad_(False)
    return made


def pruned(head: nn.Linear, clean_features: Floats, share: float) -> nn.Linear:
    """A classification layer blind to the channels that clean pictures use least (Liu et al.: Fine-Pruning, 2018).

    Args:
        head: The student's classification layer.
        clean_features: Of clean pictures, `(n, d)`; their means decide.
        share: Of the channels, 0 to 1, how many are cut off.
    """
    quiet = np.argsort(clean_features.mean(axis=0), kind="stable")[: round(share * clean_features.shape[1])]
    made = copy.deepcopy(head)
    with torch.no_grad():
        made.weight[:, torch.from_numpy(quiet)] = 0
    return made


class Found(NamedTuple):
    """The smallest trigger that turns everything into one class."""

    mask: npt.NDArray[np.float32]
    """How much of each pixel it covers, `(h, w)`, 0 to 1."""
    size: float
    """The mask's sum."""
    success: float
    """Share of the pictures that it turns."""


def reverse_trigger(  # noqa: PLR0913 - a search and its budget
    network: nn.Module, inputs: torch.Tensor, target: int, *, steps: int = 300, weight: float = 0.01, seed: int = 0
) -> Found:
    """Look for the smallest trigger that makes the network answer one class (Wang et al.: Neural Cleanse, 2019, 3.2).

    Args:
        network: Normalised pictures to logits, in evaluation mode.
        inputs: Normalised clean pictures, `(n, c, h, w)`; the pattern takes values between their extremes.
        target: The class.
        steps: Of Adam.
        weight: Of the mask's sum in the loss.
        seed: Of what the search begins with.
    """
    chance = torch.Generator().manual_seed(seed)
    low, high = inputs.min(), inputs.max()
    mask_in = torch.full(inputs.shape[2:], -2.0, requires_grad=True)
    pattern_in = torch.randn(inputs.shape[1:], generator=chance).mul(0.1).requires_grad_(True)
    optimiser = torch.optim.Adam([mask_in, pattern_in], lr=0.1, betas=(0.5, 0.9))
    wanted = torch.full((64,), target)

    def stamped(pictures: torch.Tensor) -> torch.Tensor:
        mask = torch.sigmoid(mask_in)
        return pictures * (1 - mask) + (low + (high - low) * torch.sigmoid(pattern_in)) * mask

    for _ in range(steps):
        batch = inputs[torch.randint(len(inputs), (64,), generator=chance)]
        loss = nn.functional.cross_entropy(network(stamped(batch)), wanted)
        loss = loss + weight * torch.sigmoid(mask_in).sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        mask = torch.sigmoid(mask_in)
        success = (network(stamped(inputs)).argmax(1) == target).float().mean()
    return Found(mask.numpy(), float(mask.sum()), float(success))


def anomaly_indices(sizes: list[float]) -> list[float]:
    """How far below the median each class's trigger lies, in deviations (Wang et al. 2019, 4.1); above 2 is suspicious.

    Args:
        sizes: The size of the trigger that was found for each class.
    """
    values = np.asarray(sizes)
    middle = float(np.median(values))
    spread = CONSISTENCY * float(np.median(np.abs(values - middle)))
    if math.isclose(spread, 0):
        return [0.0] * len(sizes)
    return [float((middle - value) / spread) for value in values]
