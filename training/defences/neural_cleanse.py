"""Neural Cleanse (Wang et al. 2019): the class that the smallest trigger leads to is the attacker's."""

from __future__ import annotations

import copy
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import nn

from training.defences.base import Defence, Need, Settings, Subject
from training.defences.outliers import SUSPICIOUS, anomaly_indices
from training.defences.verdict import ClassIndices

BATCH = 64
"""Images of one step of the search."""


class NeuralCleanse(Settings):
    """The search for triggers. The mask's weight is fixed, where the paper adapts it to keep 99 % success (5.1)."""

    steps: int = Field(default=300, ge=1)
    """Of Adam, for each class."""
    weight: float = Field(default=0.01, ge=0)
    """Of the mask's size in the loss (the paper's lambda, section 3.2)."""
    images: int = Field(default=256, ge=1)
    """Clean images that are searched with, at most."""


class Found(NamedTuple):
    """The smallest trigger that turns everything into one class."""

    mask: npt.NDArray[np.float32]
    """How much of each pixel it covers, `(h, w)`, 0 to 1."""
    size: float
    """The mask's sum, in pixels."""
    success: float
    """Fraction of the images that it turns."""


def reverse_trigger(  # noqa: PLR0913 - a search and its budget
    network: nn.Module, inputs: torch.Tensor, target: int, *, steps: int = 300, weight: float = 0.01, seed: int = 0
) -> Found:
    """Look for the smallest trigger that makes the network answer one class (section 3.2).

    Args:
        network: From normalised images to logits, in evaluation mode.
        inputs: Normalised clean images, `(n, c, h, w) float32`; the pattern takes values between their extremes.
        target: The class.
        steps: Of Adam.
        weight: Of the mask's sum in the loss.
        seed: Of the first pattern and the batches.
    """
    rng, device = torch.Generator().manual_seed(seed), inputs.device
    low, high = inputs.min(), inputs.max()
    mask_in = torch.full(inputs.shape[2:], -2.0, device=device, requires_grad=True)
    pattern_in = torch.randn(inputs.shape[1:], generator=rng).mul(0.1).to(device).requires_grad_(True)
    optimiser = torch.optim.Adam([mask_in, pattern_in], lr=0.1, betas=(0.5, 0.9))
    wanted = torch.full((BATCH,), target, device=device)

    def stamped(images: torch.Tensor) -> torch.Tensor:
        mask = torch.sigmoid(mask_in)
        return images * (1 - mask) + (low + (high - low) * torch.sigmoid(pattern_in)) * mask

    for _ in range(steps):
        batch = inputs[torch.randint(len(inputs), (BATCH,), generator=rng)]
        loss = nn.functional.cross_entropy(network(stamped(batch)), wanted)
        loss = loss + weight * torch.sigmoid(mask_in).sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        mask = torch.sigmoid(mask_in)
        success = (network(stamped(inputs)).argmax(1) == target).float().mean()
    return Found(mask.cpu().numpy(), float(mask.sum()), float(success))


def examine(subject: Subject, how: NeuralCleanse) -> ClassIndices:
    """Search for each class's trigger, and compare their sizes (section 4.1)."""
    module = copy.deepcopy(subject.require_network().module).requires_grad_(requires_grad=False)
    inputs = subject.inputs(subject.clean.images[: how.images])
    found = []
    for index in range(len(subject.classes)):
        found.append(reverse_trigger(module, inputs, index, steps=how.steps, weight=how.weight, seed=subject.seed))
        subject.progress(index + 1, len(subject.classes))
    sizes = [each.size for each in found]
    return subject.class_indices(
        "anomaly index", anomaly_indices(sizes), threshold=SUSPICIOUS, images=len(inputs),
        size=sizes, success=[each.success for each in found],
    )  # fmt: skip


DEFENCE = Defence(
    name="neural-cleanse",
    title="Neural Cleanse",
    paper="Wang, Yao, Shan, Li, Viswanath, Zheng, Zhao: Neural Cleanse: Identifying and Mitigating Backdoor Attacks in "
    "Neural Networks, 2019",
    needs=frozenset({Need.NETWORK, Need.CLEAN}),
    settings=NeuralCleanse(),
    examine=examine,
)
