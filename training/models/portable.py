"""A network's initial weights drawn with the portable generator."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from training.core.portable import WEIGHTS, Portable


def initialise(network: nn.Module, seed: int) -> None:
    """Draw all weights anew, in place: uniform within ±1/sqrt(inputs of a unit), as PyTorch's layers begin.

    Args:
        network: Its parameters are those of convolutions and linear layers, in the order in which they are drawn.
        seed: Of the run.
    """
    rng, reach = Portable(seed, WEIGHTS), 0.0
    with torch.no_grad():
        for each in network.parameters():
            if each.dim() > 1:  # a bias follows its layer's weights and has their bound
                reach = 1 / math.sqrt(each[0].numel())
            drawn = (2 * rng.uniform(each.numel()) - 1) * reach
            each.copy_(torch.from_numpy(drawn.astype(np.float32)).view(each.shape))
