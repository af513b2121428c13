"""Fine-tuning on clean images, at a given learning rate or at the largest that clean accuracy allows."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import nn

from training.defences import owner
from training.defences.base import DefenceError, Settings, Subject
from training.defences.batching import in_parts
from training.engine.batches import seeds
from training.models import parts
from training.triggers.base import Images
from training.triggers.labels import Labels


class FineTuning(Settings):
    """How a network is fine-tuned. The defaults are gentle: small steps, for an owner who wants to change little."""

    train_from: int = Field(default=0, ge=0)
    """The first layer that is trained, as `training.models.parts.split` counts; the classification layer always is."""
    epochs: int = Field(default=3, ge=1)
    learning_rate: float = Field(default=3e-4, gt=0)
    """Of AdamW; with `one_cycle`, the highest."""
    one_cycle: bool = False
    """Whether the learning rate rises and falls in one cycle; constant otherwise."""
    weight_decay: float = Field(default=0.0, ge=0)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    batch_size: int = Field(default=48, ge=1)


THOROUGH = FineTuning(epochs=6, learning_rate=2e-3, one_cycle=True, weight_decay=0.05, label_smoothing=0.1)
"""Large steps, which move a network that is right already (Sha et al. 2022)."""


def fine_tune(  # noqa: PLR0913, PLR0917 - what is trained, on what, and how
    network: nn.Module,
    cut: int,
    activations: npt.NDArray[np.floating],
    labels: Labels,
    how: FineTuning,
    seed: int = 0,
) -> nn.Module:
    """A copy of a network, trained further on clean images.

    Batch norms stay in evaluation mode. What the attacker wrote into layers that are trained is free to fade (Yao et
    al. 2019). With small steps it need not: a network that is right already has little cause to move. Large steps make
    it move, then settle again (Sha et al.: Fine-Tuning Is All You Need to Mitigate Backdoor Attacks, 2022).

    Args:
        network: The network, with a classification layer.
        cut: Where the activations were taken; at most `how.train_from`.
        activations: What the first `cut` layers make of clean images, `(n, …)`.
        labels: The images' labels, `(n,) int64`.
        how: Epochs and so on.
        seed: Of the order of the images.
    """
    made = copy.deepcopy(network).eval()
    device = next(made.parameters()).device
    _, after = parts.split(made, cut)
    _, trained = parts.split(made, how.train_from)
    head = parts.head(made)
    for parameter in made.parameters():
        parameter.requires_grad_(False)
    # a network that is trained whole has its classification layer among its parameters already
    parameters = list(dict.fromkeys([*trained.parameters(), *head.parameters()]))
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimiser = torch.optim.AdamW(parameters, how.learning_rate, weight_decay=how.weight_decay)
    steps = how.epochs * math.ceil(len(labels) / how.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, how.learning_rate, steps) if how.one_cycle else None
    for epoch in range(1, how.epochs + 1):
        order = np.random.default_rng(seeds(seed, epoch)[0]).permutation(len(labels))
        for start in range(0, len(order), how.batch_size):
            chosen = np.sort(order[start : start + how.batch_size])
            optimiser.zero_grad()
            for part, share in in_parts(chosen, activations.shape):
                inputs = torch.from_numpy(activations[part]).float().to(device)
                answers = torch.from_numpy(labels[part]).to(device)
                logits = head(after(inputs.contiguous(memory_format=torch.channels_last)))
                loss = nn.functional.cross_entropy(logits, answers, label_smoothing=how.label_smoothing)
                (share * loss).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            if schedule is not None:
                schedule.step()
    for parameter in parameters:
        parameter.requires_grad_(False)
    return made


class StrongTuning(FineTuning):
    """How an owner who knows of no trigger chooses the learning rate: the larger, the more is overwritten.

    What a large rate costs shows on clean images, what it removes does not. So the rate is doubled as long as a third
    of the owner's images, which are not trained on, keeps its accuracy; the last rate that does is used on all of them.
    The schedule is that of thorough fine-tuning. Few images are repeated, so that there are steps enough.
    """

    learning_rate: float = Field(default=5e-4, gt=0)
    """The first that is tried, at the peak of the cycle."""
    doublings: int = Field(default=6, ge=0)
    """Of the learning rate, at most."""
    most_lost: float = Field(default=0.04, ge=0, le=1)
    """Clean accuracy that may be lost, as a fraction of the images that judge, as for pruning; one image always may."""
    epochs: int = Field(default=THOROUGH.epochs, ge=1)
    fewest_steps: int = Field(default=100, ge=1)
    """More epochs are made until there are as many steps."""
    one_cycle: bool = THOROUGH.one_cycle
    weight_decay: float = Field(default=THOROUGH.weight_decay, ge=0)
    label_smoothing: float = Field(default=THOROUGH.label_smoothing, ge=0, lt=1)


class Tuned(NamedTuple):
    """A network that was fine-tuned as strongly as clean accuracy allows."""

    module: nn.Module
    learning_rate: float


def tune_strongly(
    subject: Subject, module: nn.Module, how: StrongTuning, stamp: Callable[[Images], Images] = lambda images: images
) -> Tuned:
    """Fine-tune a network at the largest learning rate that keeps the subject's clean accuracy.

    Args:
        subject: Whose clean images are used, and whose accuracy counts.
        module: What is fine-tuned: the subject's network, or what a defence made of it.
        how: Which learning rates are tried, and how much accuracy may be lost.
        stamp: Changes the images that are trained on, `(n, h, w, c) uint8`, and keeps their labels.

    Raises:
        DefenceError: If the smallest learning rate already loses too much, or there are too few images.
    """
    learnt, judged = owner.divide(subject)
    allowed = owner.least_accuracy(subject, judged, how.most_lost)

    def tuned(images: Images, labels: Labels, rate: float) -> nn.Module:
        epochs = max(how.epochs, math.ceil(how.fewest_steps / math.ceil(len(labels) / how.batch_size)))
        chosen = how.model_copy(update={"learning_rate": rate, "epochs": epochs})
        before, _ = parts.split(module, how.train_from)
        activations = subject.activations(before, stamp(images))
        return fine_tune(module, how.train_from, activations, labels, chosen, subject.seed)

    best = None
    for doubled in range(how.doublings + 1):
        rate = how.learning_rate * 2**doubled
        if owner.accuracy(subject, tuned(*learnt, rate), judged) < allowed:
            break
        best = rate
        subject.progress(doubled + 1, how.doublings + 2)
    if best is None:
        raise DefenceError(
            f"fine-tuning at a learning rate of {how.learning_rate:g} already loses more than {how.most_lost:.0%} of "
            f"clean accuracy on the {len(judged.labels)} images that judge it"
        )
    return Tuned(tuned(*subject.clean, best), best)
