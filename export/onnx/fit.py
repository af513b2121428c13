"""Whether a network takes and gives what its card says, and the casts between its types and float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from export.card.schema import ModelCard
from export.card.steps import InputPipeline, Layout
from export.errors import ExportError
from export.onnx.sandbox import Tensor

Floats = npt.NDArray[np.float32]
INPUTS: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
}
"""Types of an input, as onnxruntime names them, that an image can be cast to."""
OUTPUTS = frozenset({"tensor(float)", "tensor(float16)"})


class AnswerError(ExportError):
    """An answer that is none: it holds NaN or infinity."""


@dataclass(frozen=True)
class Fit:
    """How a card's tensors become a network's, and back."""

    where: Path
    type: type[np.generic]
    """Of the network's input."""
    one_by_one: bool
    """Whether the network takes one image at a time."""
    classes: int

    def taken(self, tensor: Floats) -> npt.NDArray[Any]:
        """The tensor as the network takes it."""
        return tensor.astype(self.type, copy=False)

    def logits(self, output: npt.NDArray[Any], images: int) -> Floats:
        """The network's output as `(images, classes) float32`.

        Raises:
            ExportError: If it has another shape.
            AnswerError: If it is not finite.
        """
        shape = output.shape
        if shape[:1] != (images,) or shape[1:] not in {(self.classes,), (self.classes, 1, 1)}:
            raise ExportError(
                f"{self.where}: it answers {images} images with values of shape {list(shape)}, but the card has "
                f"{self.classes} labels: [{images}, {self.classes}] is expected"
            )
        found: Floats = output.reshape(images, self.classes).astype(np.float32)
        if not np.isfinite(found).all():
            raise AnswerError(f"{self.where}: its answer holds NaN or infinity")
        return found


def fit(card: ModelCard, inputs: Sequence[Tensor], outputs: Sequence[Tensor], where: Path) -> Fit:
    """How a card and its network fit.

    Args:
        card: The card.
        inputs: The network's; those with a default value are left out.
        outputs: The network's.
        where: The file, for messages.

    Raises:
        ExportError: If they do not fit; says in what.
    """
    image = _named("input", card.input.tensor, inputs, where)
    answer = _named("output", card.output.tensor, outputs, where)
    if len(inputs) > 1:
        raise ExportError(f"{where}: it takes {len(inputs)} inputs ({listed(inputs)}); one, an image, is expected")
    if image.type not in INPUTS:
        raise ExportError(f"{where}: its input is {image}; float, float16 or uint8 is expected")
    if answer.type not in OUTPUTS:
        raise ExportError(f"{where}: its output is {answer}; float or float16 is expected")
    if image.type == "tensor(uint8)" and not card.input.integral:
        raise ExportError(f"{where}: its input is {image}, so its card must have no step 'scale' or 'normalise'")
    expected = tensor_shape(card.input)
    agree = len(image.shape) == len(expected) + 1 and all(
        not isinstance(has, int) or has == wants for has, wants in zip(image.shape[1:], expected, strict=True)
    )
    if not agree:
        raise ExportError(f"{where}: its input is {image}, but the card's steps make {['n', *expected]}")
    batch = image.shape[0]
    if isinstance(batch, int) and batch != 1:
        raise ExportError(f"{where}: it takes {batch} images at a time; one, or any number, is expected")
    return Fit(where, INPUTS[image.type], 1 in {batch, *answer.shape[:1]}, len(card.labels))


def tensor_shape(pipeline: InputPipeline) -> tuple[int, ...]:
    """The shape of a pipeline's tensor, without the batch axis."""
    h, w, c = pipeline.height, pipeline.width, pipeline.channels
    order = next((step.order for step in pipeline.steps if isinstance(step, Layout)), "NHWC")
    return {"NCHW": (c, h, w), "NHWC": (h, w, c), "NHW": (h, w), "flat": (h * w * c,)}[order]


def listed(tensors: Sequence[Tensor]) -> str:
    """Tensors in words."""
    return ", ".join(map(str, tensors))


def _named(kind: str, name: str, tensors: Sequence[Tensor], where: Path) -> Tensor:
    for tensor in tensors:
        if tensor.name == name:
            return tensor
    raise ExportError(f"{where}: the card's {kind} tensor is '{name}'; the model has {listed(tensors)}")
