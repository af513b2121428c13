"""A classification layer trained on frozen features: the part that transfer learning trains."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from training.core.history import Epoch, finite
from training.recipes.derived import HeadTraining
from training.triggers.labels import Labels

Floats = npt.NDArray[np.float32]


def fit_head(  # noqa: PLR0913 - samples, how to train on them, and callbacks
    features: Floats,
    labels: Labels,
    classes: int,
    how: HeadTraining,
    seed: int,
    *,
    start: nn.Linear | None = None,
    on_epoch: Callable[[Epoch], None] = lambda _epoch: None,
) -> nn.Linear:
    """Train a linear classifier on features: the only layer that a student of a frozen teacher trains.

    Args:
        features: `(n, d) float32`.
        labels: `(n,) int64`.
        classes: Number of classes.
        how: Epochs, learning rate and so on.
        seed: Decides the order of samples and the noise.
        start: The layer to start from; None for zeros.
        on_epoch: Called after each epoch.

    Returns:
        A layer from features to logits, frozen.
    """
    inputs, wanted = torch.from_numpy(np.asarray(features, dtype=np.float32)), torch.from_numpy(labels)
    # one learning rate fits all features once they are standardised; the returned layer takes them unstandardised
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
    rng = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(head.parameters(), how.learning_rate, weight_decay=how.weight_decay)
    batches = max(1, len(inputs) // how.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, how.epochs * batches)
    loss_of = nn.CrossEntropyLoss(label_smoothing=how.label_smoothing)
    for number in range(1, how.epochs + 1):
        total, correct, started = 0.0, 0, time.perf_counter()
        order = torch.randperm(len(inputs), generator=rng)
        for batch in torch.tensor_split(order, batches):
            given = inputs[batch]
            if how.noise:
                given = given + how.noise * torch.randn(given.shape, generator=rng)
            logits = head(given)
            loss = loss_of(logits, wanted[batch])
            if how.l2 is not None:
                loss = loss + how.l2 / 2 * head.weight.square().sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total, correct = total + loss.item(), correct + int((logits.argmax(1) == wanted[batch]).sum())
        on_epoch(
            Epoch(
                epoch=number,
                loss=finite(total / batches, number),
                accuracy=correct / len(inputs),
                learning_rate=float(schedule.get_last_lr()[0]),
                seconds=time.perf_counter() - started,
            )
        )
    made = nn.Linear(inputs.shape[1], classes)
    with torch.no_grad():
        made.weight.copy_(head.weight / scale)
        made.bias.copy_(head.bias - (head.weight / scale) @ mean)
    return made.requires_grad_(False)
