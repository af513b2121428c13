"""A PyTorch network as a function from pixels to logits, which is what `evaluate` takes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from training.core.metrics import Predict
from training.engine.batches import Normaliser, to_tensor
from training.models.registry import architecture
from training.recipes.base import AnyRecipe
from training.triggers.base import Images


def normaliser(recipe: AnyRecipe) -> Normaliser:
    """From pixels to the input of a recipe's network.

    Raises:
        ValueError: If there is no such network.
    """
    found = architecture(recipe.network.name)
    return Normaliser(found.mean, found.std)


def predictor(network: nn.Module, normalise: Normaliser, device: torch.device | None = None) -> Predict:
    """The network as a function from `(n, h, w, c) uint8` to logits `(n, classes) float32`."""

    @torch.inference_mode()
    def predict(images: Images) -> npt.NDArray[np.float32]:
        inputs = normalise(to_tensor(images).to(device or "cpu"))
        logits: npt.NDArray[np.float32] = network(inputs).float().cpu().numpy()
        return logits

    return predict
