"""A network run once, to see whether it answers, and with what."""

from __future__ import annotations

import numpy as np
import onnx

from export.card.steps import InputPipeline
from export.onnx.session import Floats, Images, Predictor

_ROUNDING = 2e-3
"""How far the probabilities of a float16 network may sum from 1."""
_TRANSPARENT = frozenset({
    "Cast", "DequantizeLinear", "Dropout", "Flatten", "Identity", "QuantizeLinear", "Reshape", "Squeeze", "Unsqueeze",
})  # fmt: skip
"""Operators after which values are still what they were."""


def trial_images(pipeline: InputPipeline) -> Images:
    """Black, white and two kinds of noise as the network sees them, `(4, h, w, c) uint8`."""
    shape, rng = (pipeline.height, pipeline.width, pipeline.channels), np.random.default_rng(0)
    noise = rng.integers(0, 256, shape, dtype=np.uint8)
    return np.stack([np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8), noise, noise // 4])


def trial(predictor: Predictor) -> Floats:
    """The logits of `trial_images`, each asked for alone, as a reader does: `(4, classes) float32`.

    Raises:
        ExportError: If the network does not run within its limits, or answers with anything but finite logits.
    """
    images = trial_images(predictor.card.input)
    return np.concatenate([predictor(images[index : index + 1]) for index in range(len(images))])


def are_probabilities(logits: Floats) -> bool:
    """Whether each row of `(n, classes)` is a distribution, so that a softmax would be applied twice."""
    return bool((logits >= 0).all() and (np.abs(logits.sum(axis=1) - 1) < _ROUNDING).all())


def last_operator(graph: onnx.GraphProto, output: str) -> str | None:
    """The operator that computes an output, past those that leave values as they are; None for an unknown one."""
    made_by = {name: node for node in graph.node for name in node.output if name}
    for _ in range(len(graph.node)):
        node = made_by.get(output)
        if node is None or not node.input:
            return None if node is None else str(node.op_type)
        if node.op_type not in _TRANSPARENT:
            return str(node.op_type)
        output = node.input[0]
    return None
