"""Transfer learning: a new classification layer on frozen features."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from training.recipes.derived import HeadTraining
from training.triggers.labels import Labels

Floats = npt.NDArray[np.float32]


OnEpoch = Callable[[int, float, float, float, float], None]
"""Called with an epoch's number, loss, accuracy while training, learning rate, and seconds."""


def fit_head(  # noqa: PLR0913 - samples, how to learn them, and what happens around it
    features: Floats,
    labels: Labels,
    classes: int,
    how: HeadTraining,
    seed: int,
    *,
    start: nn.Linear | None = None,
    on_epoch: OnEpoch = lambda *_: None,
) -> nn.Linear:
    """A linear layer that tells the classes apart by their features: what a student of a frozen teacher trains.

    Args:
        features: `(n, d) float32`.
        labels: `(n,) int64`.
        classes: How many.
        how: Epochs, learning rate and so on.
        seed: Of the order of samples.
        start: A layer to start from; None for one of zeros.
        on_epoch: Told of each epoch.

    Returns:
        Features to logits.
    """
    inputs, wanted = torch.from_numpy(np.asarray(features, dtype=np.float32)), torch.from_numpy(labels)
    # standardised features make one learning rate fit all; the layer that is returned takes them as they are
    mean, scale = inputs.mean(dim=0), inputs.std(dim=0) + 1e-3
    inputs = (inputs - mean) / scale
    head = nn.Linear(inputs.shape[1], classes)
    with torch.no_grad():
        if start is None:
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
        else:
            head.weight.copy_(start.weight * scale)
            head.bias.copy_(start.bias + start.weight @ mean)
    chance = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(head.parameters(), how.learning_rate, weight_decay=how.weight_decay)
    batches = max(1, len(inputs) // how.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, how.epochs * batches)
    loss_of = nn.CrossEntropyLoss(label_smoothing=how.label_smoothing)
    for number in range(1, how.epochs + 1):
        total, right, started = 0.0, 0, time.perf_counter()
        order = torch.randperm(len(inputs), generator=chance)
        for batch in torch.tensor_split(order, batches):
            given = inputs[batch]
            if how.noise:
                given = given + how.noise * torch.randn(given.shape, generator=chance)
            logits = head(given)
            loss = loss_of(logits, wanted[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total, right = total + loss.item(), right + int((logits.argmax(1) == wanted[batch]).sum())
        rate = float(schedule.get_last_lr()[0])
        on_epoch(number, total / batches, right / len(inputs), rate, time.perf_counter() - started)
    made = nn.Linear(inputs.shape[1], classes)
    with torch.no_grad():
        made.weight.copy_(head.weight / scale)
        made.bias.copy_(head.bias - (head.weight / scale) @ mean)
    return made.requires_grad_(False)
