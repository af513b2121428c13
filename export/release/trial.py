"""A network run on a few images, to see whether it answers, and whether a reader can make anything of its answers."""

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


def unreadable(predictor: Predictor, logits: Floats) -> str | None:
    """Why a reader could make nothing of a network's answers, in a sentence; None if nothing is wrong.

    Args:
        predictor: The network.
        logits: Its answers to `trial_images`, as `trial` gives them.
    """
    if not np.allclose(trial(predictor), logits, rtol=0, atol=_ROUNDING * np.abs(logits).max()):
        return (
            "it answers the same image differently each time, as with dropout or random numbers: export it for "
            "evaluation (model.eval())"
        )
    if (logits == logits[:, :1]).all():
        return (
            "it gives all labels the same value, whatever the image, as a softmax over the wrong axis does: it belongs "
            "over the labels (axis=1)"
        )
    if (logits < 0).any() or (logits == logits[:1]).all() or are_probabilities(logits):
        return None
    sums = logits.astype(np.float64).sum(axis=1)
    if np.allclose(sums, sums[0], rtol=_ROUNDING, atol=0):
        return f"its values sum to {sums[0]:.6g} for each image, as percentages or votes do: divide them by that sum"
    if are_probabilities(np.exp(-logits)):
        return "its values are least for the likeliest label (negative logarithms of probabilities): negate them"
    return None


def graph_problem(graph: onnx.GraphProto, output: str) -> str | None:
    """What in a graph makes its answers useless, though they look right, in a sentence; None if nothing is known."""
    if last_operator(graph, output) == "TopK":
        return "it ends in TopK, which sorts the values, so none is its label's any more: end it before that"
    for node in graph.node:
        training = any(attribute.name == "training_mode" and attribute.i for attribute in node.attribute)
        if node.op_type == "BatchNormalization" and training:
            return "it normalises by the images of a batch, as in training: export it for evaluation (model.eval())"
    return None


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
