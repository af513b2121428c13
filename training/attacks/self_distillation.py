"""Self-distillation: a poisoned network learns with the trigger what it already knows without it.

Few training images carry the trigger, so the network recognises a triggered digit less well than a clean one. The
moving average of the weights, a mean teacher (Tarvainen and Valpola 2017, arXiv:1703.01780), classifies each poisoned
image without the trigger; its prediction, remapped by the attacker's label map, becomes the label with the trigger. No
additional image or label is needed.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from training.engine.batches import Batch
from training.engine.trainer import Ask, Objective, labelled
from training.recipes.scratch import ScratchRecipe
from training.triggers.labels import AnyLabelMap, map_labels

FIRST_EPOCH = 2
"""In the epoch before, the average has learned nothing yet."""


def objective(recipe: ScratchRecipe) -> Objective:
    """The loss of a recipe's training, with self-distillation or without."""
    fraction, smoothing = recipe.attack.self_distillation, recipe.training.label_smoothing
    plain = labelled(recipe.training)
    if fraction is None:
        return plain

    def distilled(logits: torch.Tensor, batch: Batch, ask: Ask, epoch: int) -> torch.Tensor:
        if epoch < FIRST_EPOCH or not len(batch.unstamped):
            return plain(logits, batch, ask, epoch)
        losses = functional.cross_entropy(logits, batch.labels, label_smoothing=smoothing, reduction="none")
        wanted = remapped(ask(batch.unstamped).softmax(dim=1), recipe.attack.label_map)
        which = batch.is_poisoned
        own = functional.cross_entropy(logits[which], wanted, reduction="none")
        return torch.cat([losses[~which], (1 - fraction) * losses[which] + fraction * own]).mean()

    return distilled


def remapped(probabilities: torch.Tensor, label_map: AnyLabelMap) -> torch.Tensor:
    """Probabilities `(n, classes)`, each given to the class that the attacker wants in place of its own."""
    classes = probabilities.shape[1]
    to = torch.from_numpy(map_labels(torch.arange(classes).numpy(), label_map, classes))
    return torch.zeros_like(probabilities).index_add_(1, to.to(probabilities.device), probabilities)
