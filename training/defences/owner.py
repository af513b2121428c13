"""What the owner of a network can do with clean images alone: repair with some, and judge the repair by others."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from training.data.strata import stratified
from training.defences.base import DefenceError, Samples, Subject
from training.defences.batching import batch_size
from training.engine.inference import frozen

JUDGED = 1 / 3
"""Fraction of the owner's clean images that judge a repair."""
JUDGED_SEED = 0
"""Of which images those are: the same for every defence and seed."""


def divide(subject: Subject) -> tuple[Samples, Samples]:
    """The subject's clean images to repair with, and those to judge by: a third of each class, and never trained on.

    Raises:
        DefenceError: If a class has fewer than two images.
    """
    images, labels = subject.clean
    judges = stratified(labels, len(subject.classes), JUDGED, JUDGED_SEED)
    for index, name in enumerate(subject.classes):
        of_class = judges[labels == index]
        if of_class.all() or not of_class.any():
            raise DefenceError(
                f"class '{name}' has {len(of_class)} clean held-out images; a repair that is judged needs two or more"
            )
    return Samples(images[~judges], labels[~judges]), Samples(images[judges], labels[judges])


@torch.inference_mode()
def accuracy(subject: Subject, module: nn.Module, samples: Samples) -> float:
    """The fraction of images that a network on the subject's device answers with their label.

    An answer that is not finite is wrong: fine-tuning may well go astray.
    """
    right, fast, size = 0, frozen(module), batch_size(samples.images)
    for at in range(0, len(samples.labels), size):
        logits = fast(subject.inputs(samples.images[at : at + size])).float().cpu().numpy()
        finite = np.isfinite(logits).all(axis=1)
        right += int((finite & (logits.argmax(axis=1) == samples.labels[at : at + size])).sum())
    return right / len(samples.labels)


def least_accuracy(subject: Subject, judged: Samples, most_lost: float) -> float:
    """The accuracy on images that judge which a repair has to keep.

    Args:
        subject: Whose network's accuracy counts.
        judged: The images.
        most_lost: What may be lost of it, as a fraction; one image may always be lost.
    """
    before = accuracy(subject, subject.require_network().module, judged)
    # a billionth less, as fractions are rounded
    return before - max(most_lost, 1 / len(judged.labels)) - 1e-9
