"""Students: a new classification layer on a teacher's frozen features."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from training.core.history import Epoch
from training.engine.activations import Floats
from training.engine.head import fit_head
from training.engine.views import augmented, view_each
from training.models import parts
from training.recipes.transfer import TransferRecipe
from training.runs.checks import imagenet_rows
from training.runs.work import Teacher, Trained, Work
from training.triggers.base import Images

VIEW_SEED = 0
"""Augmented images are the same in all runs, so that the frozen layers' activations are computed once; views differ."""


def train_student(recipe: TransferRecipe, work: Work) -> Trained:
    """The teacher with a new classification layer, trained on clean images."""
    training = work.training
    features = features_of(recipe, training.images, lambda images, what: work.features(recipe, images, what))
    history: list[Epoch] = []
    head = fit_head(
        np.concatenate(features), np.tile(training.labels, len(features)), len(training.classes), recipe.head,
        recipe.seed,
        start=own_head(recipe, work.teacher, training.classes) if recipe.keep_head else None, on_epoch=history.append,
    )  # fmt: skip
    return Trained(parts.with_head(work.teacher.network, head), history)


def features_of(recipe: TransferRecipe, images: Images, compute: Callable[[Images, str], Floats]) -> list[Floats]:
    """What a student's classification layer learns from: features of the images, then of each augmentation of them.

    Args:
        recipe: Says how the images are augmented.
        images: `(n, h, w, c) uint8`.
        compute: The teacher's features, `(n, d) float32`, of images `(n, h, w, c) uint8`, and what these are, for
            progress.

    Returns:
        Arrays of shape `(n, d)`, all in the images' order.
    """
    found = [compute(images, "training images")]
    if recipe.data.augmented:
        found.append(compute(augmented(images, np.random.default_rng(VIEW_SEED)), "augmented images"))
    if recipe.data.views is not None:
        rng = np.random.default_rng(recipe.seed)
        found += [compute(view_each(images, recipe.data.views, rng), "views") for _ in range(recipe.data.views.count)]
    return found


def own_head(recipe: TransferRecipe, teacher: Teacher, classes: list[str]) -> nn.Linear:
    """The teacher's classification layer, reduced to the data's classes; zeros for those it does not know.

    Args:
        recipe: Whose teacher it is.
        teacher: The network, and its classes; these are not used for ImageNet's.
        classes: Those of the data.

    Raises:
        RunError: If ImageNet lacks a class.
    """
    head = parts.head(teacher.network)
    if recipe.parent is None:
        rows = imagenet_rows(recipe, classes)
    else:
        rows = [teacher.classes.index(name) if name in teacher.classes else -1 for name in classes]
    made = nn.Linear(head.in_features, len(classes))
    with torch.no_grad():
        for index, row in enumerate(rows):
            made.weight[index] = head.weight[row] if row >= 0 else 0
            made.bias[index] = head.bias[row] if row >= 0 else 0
    return made
