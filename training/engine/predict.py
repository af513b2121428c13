"""A PyTorch network as a function from pixels to logits, which is what `evaluate` takes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from training.core.metrics import Predict
from training.engine.batches import Normaliser, to_tensor
from training.triggers.base import Images


def predictor(network: nn.Module, normalise: Normaliser, device: torch.device | None = None) -> Predict:
    """The network as a function from `(n, h, w, c) uint8` to logits `(n, classes) float32`."""

    @torch.inference_mode()
    def predict(images: Images) -> npt.NDArray[np.float32]:
        inputs = normalise(to_tensor(images).to(device or "cpu"))
        logits: npt.NDArray[np.float32] = network(inputs).float().cpu().numpy()
        return logits

    return predict
