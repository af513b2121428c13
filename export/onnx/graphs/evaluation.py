"""A network's answers as a graph: logits, and the features that the classification layer reads."""

from __future__ import annotations

import onnx
import torch

from export.onnx.graphs.network import FlatNetwork
from export.onnx.graphs.trace import trace

INPUTS = ("parameters", "images")
OUTPUTS = ("logits", "features")


def evaluation(network: FlatNetwork, batch: int, height: int = 28, width: int = 28) -> onnx.ModelProto:
    """The graph: parameters and images `(batch, h, w) uint8` to logits `(batch, classes)` and features `(batch, d)`."""

    def answer(flat: torch.Tensor, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return network.features(network.split(flat), images.float()[:, None])

    example = (network.flat(), torch.zeros(batch, height, width, dtype=torch.uint8))
    return trace(answer, example, INPUTS, OUTPUTS)
