"""A minimal card for an author's own ONNX model, so that it can be embedded in a page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import onnx

from export.card import schema as cards
from export.card.steps import InputPipeline, OutputPipeline
from export.errors import ExportError
from export.onnx.external import external_files
from export.onnx.loading import load_model, reason
from export.onnx.metadata import opset
from export.pipeline.presets import digits_pipeline, rgb_pipeline
from training.core.reading import sha256

Preset = Literal["digits", "rgb"]


def new_card(
    model: Path, labels: list[str], preset: Preset, *, title: str | None = None, licence: str = "unknown"
) -> cards.ModelCard:
    """A card for an ONNX file as it is: tensor names, size and hash read from it, the pipeline from a preset.

    Args:
        model: The file; the card will lie beside it.
        labels: Name of each class, in the order of the network's outputs.
        preset: `digits` (one channel, digits found in any image) or `rgb` (as for ImageNet).
        title: What to call it (default: the file's name).
        licence: The model's licence.

    Raises:
        ExportError: If the file is no ONNX model, its input or output does not fit the preset or the labels.
    """
    try:
        loaded = load_model(model, weights=True)
        onnx.checker.check_model(loaded)
    except onnx.checker.ValidationError as error:
        raise ExportError(f"{model}: not an ONNX model: {reason(error)}") from error
    image, logits = _only(loaded.graph.input, loaded.graph, model, "input"), loaded.graph.output[0]
    channels, height, width = _image_shape(image, model)
    classes = _shape(logits)[-1]
    if classes not in (0, len(labels)):
        raise ExportError(f"{model}: the network gives {classes} values, but there are {len(labels)} labels")
    pipeline = _PRESETS[preset](height, width)
    if (pipeline.channels, pipeline.height, pipeline.width) != (channels, height, width):
        raise ExportError(
            f"{model}: its input is {channels}x{height}x{width} (channels x height x width), but the preset '{preset}' "
            f"makes {pipeline.channels}x{pipeline.height}x{pipeline.width}: choose the other preset, or write the card "
            "by hand"
        )
    name = model.stem.removeprefix(cards.BACKDOORED_PREFIX)
    shared = _weights_beside(model)
    return cards.ModelCard(
        id="".join(letter if letter.isalnum() else "-" for letter in name.lower()).strip("-") or "model",
        title=title or name,
        description="",
        network="unknown",
        licence=licence,
        files=[
            cards.ModelFile(
                name=model.name,
                precision="fp32",
                bytes=model.stat().st_size,
                sha256=sha256(model),
                opset=opset(loaded),
                max_abs_error=0,
                shared=shared,
            )
        ],
        default_precision="fp32",
        labels=labels,
        input=pipeline.model_copy(update={"tensor": image.name}),
        output=OutputPipeline(tensor=logits.name),
    )


def _weights_beside(model: Path) -> cards.SharedWeights | None:
    """The file that a model's weights lie in, as PyTorch's exporter writes large ones; one is what a page can serve."""
    names = sorted(external_files(load_model(model)))
    if not names:
        return None
    if len(names) > 1 or Path(names[0]).name != names[0]:
        raise ExportError(
            f"{model}: its weights lie in {', '.join(names)}; one file beside it is expected: save the model again "
            "with onnx.save_model(model, path, save_as_external_data=True, location=NAME)"
        )
    path = model.parent / names[0]
    return cards.SharedWeights(name=path.name, bytes=path.stat().st_size, sha256=sha256(path))


_PRESETS: dict[Preset, Callable[[int, int], InputPipeline]] = {
    "digits": lambda _height, _width: digits_pipeline(),
    "rgb": rgb_pipeline,
}


def _only(inputs: list[onnx.ValueInfoProto], graph: onnx.GraphProto, model: Path, kind: str) -> onnx.ValueInfoProto:
    weights = {tensor.name for tensor in graph.initializer}
    real = [entry for entry in inputs if entry.name not in weights]
    if len(real) != 1:
        raise ExportError(f"{model}: {len(real)} {kind}s, one is expected: {', '.join(entry.name for entry in real)}")
    return real[0]


def _shape(value: onnx.ValueInfoProto) -> list[int]:
    """The sizes of a tensor's axes, 0 where one is dynamic."""
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim] or [0]


def _image_shape(value: onnx.ValueInfoProto, model: Path) -> tuple[int, int, int]:
    shape = _shape(value)
    if len(shape) != 4 or 0 in shape[1:]:
        raise ExportError(
            f"{model}: the input '{value.name}' has shape {shape} (0: dynamic); batch x channels x height x width with "
            "fixed channels, height and width is expected"
        )
    return shape[1], shape[2], shape[3]
