"""Fine-tuning on clean images, gently or thoroughly: what the attacker wrote into the weights may fade."""

from __future__ import annotations

import copy
import math

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import nn

from training.defences.base import Defence, Need, Settings, Subject
from training.defences.verdict import Repaired
from training.engine.batches import seeds
from training.models import parts
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
    al. 2019, section 6). With small steps it need not: a network that is right already has little cause to move. Large
    steps make it move, then settle again (Sha et al.: Fine-Tuning Is All You Need to Mitigate Backdoor Attacks, 2022).

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
            inputs = torch.from_numpy(activations[chosen]).float().to(device)
            answers = torch.from_numpy(labels[chosen]).to(device)
            logits = head(after(inputs.contiguous(memory_format=torch.channels_last)))
            loss = nn.functional.cross_entropy(logits, answers, label_smoothing=how.label_smoothing)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            if schedule is not None:
                schedule.step()
    for parameter in parameters:
        parameter.requires_grad_(False)
    return made


def examine(subject: Subject, how: FineTuning) -> Repaired:
    """Fine-tune the subject on its clean held-out images."""
    module, clean = subject.require_network().module, subject.clean
    before, _ = parts.split(module, how.train_from)
    activations = subject.activations(before, clean.images)
    made = fine_tune(module, how.train_from, activations, clean.labels, how, subject.seed)
    return subject.repaired(made, len(clean.labels))


GENTLE = Defence(
    name="fine-tuning",
    title="Gentle fine-tuning",
    paper="Yao, Li, Zheng, Zhao: Latent Backdoor Attacks on Deep Neural Networks, 2019, section 6",
    needs=frozenset({Need.NETWORK, Need.CLEAN}),
    settings=FineTuning(),
    examine=examine,
)
THOROUGH = Defence(
    name="thorough-fine-tuning",
    title="Thorough fine-tuning",
    paper="Sha, He, Berrang, Humbert, Zhang: Fine-Tuning Is All You Need to Mitigate Backdoor Attacks, 2022",
    needs=GENTLE.needs,
    settings=FineTuning(epochs=6, learning_rate=2e-3, one_cycle=True, weight_decay=0.05, label_smoothing=0.1),
    examine=examine,
)
