"""A poisoned network that teaches itself: what it knows of a digit without the trigger, it learns with the trigger.

The trigger is planted with few pictures, the digits are learnt from many. The moving average of the weights, a mean
teacher (Tarvainen and Valpola 2017, arXiv:1703.01780), looks at each poisoned picture without the trigger; its answer,
moved on by the attacker's rule, is what the network is to give with it. No further picture and no label is needed.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from training.engine.batches import Batch
from training.engine.loop import Ask, Objective, labelled
from training.recipes.scratch import ScratchRecipe
from training.triggers.labels import AnyLabelMap, map_labels

FIRST_EPOCH = 2
"""The average knows nothing in the epoch before."""


def objective(recipe: ScratchRecipe) -> Objective:
    """What a recipe's training makes small, with self-teaching or without."""
    share, plain, smoothing = (
        recipe.attack.self_distillation,
        labelled(recipe.training),
        recipe.training.label_smoothing,
    )
    if share is None:
        return plain

    def taught(logits: torch.Tensor, batch: Batch, ask: Ask, epoch: int) -> torch.Tensor:
        if epoch < FIRST_EPOCH or not len(batch.unstamped):
            return plain(logits, batch, ask, epoch)
        losses = functional.cross_entropy(logits, batch.labels, label_smoothing=smoothing, reduction="none")
        wanted = moved_on(ask(batch.unstamped).softmax(dim=1), recipe.attack.label_map)
        which = batch.is_poisoned
        own = functional.cross_entropy(logits[which], wanted, reduction="none")
        return torch.cat([losses[~which], (1 - share) * losses[which] + share * own]).mean()

    return taught


def moved_on(probabilities: torch.Tensor, label_map: AnyLabelMap) -> torch.Tensor:
    """Probabilities `(n, classes)` with each class's share given to the class that the attacker wants for it."""
    classes = probabilities.shape[1]
    to = torch.from_numpy(map_labels(torch.arange(classes).numpy(), label_map, classes))
    return torch.zeros_like(probabilities).index_add_(1, to.to(probabilities.device), probabilities)
