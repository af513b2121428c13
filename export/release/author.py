"""A minimal card for an author's own ONNX model, so that it can be embedded in a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import onnx
from pydantic import ValidationError

from export.card import schema as cards
from export.card.io import first_problem
from export.card.steps import MOST_PIXELS, MOST_SIDE, InputPipeline, Layout, Normalise, OutputPipeline, Scale, Step
from export.errors import ExportError
from export.onnx.external import external_files
from export.onnx.fit import OUTPUTS, listed
from export.onnx.loading import load_model
from export.onnx.metadata import browser_problem, opset
from export.onnx.sandbox import Sandbox, Tensor
from export.onnx.session import Predictor
from export.pipeline.presets import digits_pipeline, rgb_pipeline
from export.release.trial import are_probabilities, graph_problem, last_operator, trial, unreadable
from training.core.reading import sha256

Preset = Literal["digits", "rgb"]
Order = Literal["NCHW", "NHWC", "NHW", "flat"]

_DIGIT_SIDE, _PHOTO_SIDE = 28, 224
"""Sizes where a network leaves height and width free."""
_PROBABILITIES = frozenset({"Softmax", "Sigmoid", "HardSigmoid"})
"""Operators that give probabilities. After a LogSoftmax a softmax gives them back, so it is none of these."""


@dataclass(frozen=True)
class Drafted:
    """A card, and what it rests on."""

    card: cards.ModelCard
    found: list[str]
    """What the graph says, and what was seen when it ran."""


@dataclass(frozen=True)
class _Image:
    """What a network takes; 0 where it leaves a size free."""

    order: Order
    channels: int
    height: int
    width: int


def draft_card(  # noqa: PLR0913 - an author's choices
    model: Path,
    labels: list[str],
    preset: Preset,
    *,
    title: str | None = None,
    licence: str = "unknown",
    output: str | None = None,
    white: float | None = None,
    sandbox: Sandbox | None = None,
) -> Drafted:
    """A card for an ONNX file as it is; the network is run to see whether it answers.

    Args:
        model: The file; the card will lie beside it.
        labels: Name of each class, in the order of the network's outputs.
        preset: `digits` (one channel, digits found in any image) or `rgb` (as for ImageNet).
        title: What to call it (default: the file's name).
        licence: The model's licence.
        output: Which of several outputs has a value for each class (default: the only one of floats for all labels).
        white: What white is in the images that the network was trained on, where black is 0: often 1 or 255 (default:
            values are normalised as the preset says).
        sandbox: Where the network runs (default: one of its own).

    Raises:
        ExportError: If the file is no ONNX model, its input or output does not fit the preset or the labels, or it
            does not answer within its limits.
    """
    loaded = load_model(model)
    shared = _weights_beside(model, loaded)
    with nullcontext(sandbox) if sandbox else Sandbox() as isolated:  # a caller's goes on
        session = isolated.open(model)
        image = _only("input", session.inputs, None, model)
        logits = _only("output", _answers(session.outputs, len(labels), output, model), output, model)
        pipeline, assumed = _pipeline(preset, image, white, model)
        name = model.stem.removeprefix(cards.BACKDOORED_PREFIX)
        file = _file(model, opset(loaded), shared)
        try:
            card = cards.ModelCard(
                id=_id(name),
                title=title or name,
                description="",
                network="unknown",
                licence=licence,
                files=[file],
                default_precision="fp32",
                labels=labels,
                input=pipeline.model_copy(update={"tensor": image.name}),
                output=OutputPipeline(tensor=logits.name),
            )
        except ValidationError as error:
            raise ExportError(f"{model}: no card can say this: {first_problem(error)}") from error
        predictor = Predictor(card, model.parent, sandbox=isolated)
        answers = trial(predictor)
        problem = browser_problem(loaded) or graph_problem(loaded.graph, logits.name) or unreadable(predictor, answers)
    if problem is not None:
        raise ExportError(f"{model}: {problem}")
    last = last_operator(loaded.graph, logits.name)
    ending = f"the graph ends in {last or 'its input'}"
    if last in _PROBABILITIES or are_probabilities(answers):
        ending = ending if last in _PROBABILITIES else "its answers are probabilities"
        card = card.model_copy(update={"output": card.output.model_copy(update={"activation": "none"})})
    found = [
        f"input {image}, output {logits}",
        *assumed,
        f"{ending}, so the card's activation is '{card.output.activation}'",
        f"{len(answers)} trial images of {pipeline.height}x{pipeline.width} got {len(labels)} values each",
    ]
    if (answers == answers[:1]).all():
        found.append("black, white and noise got the same values: does the network look at the image?")
    return Drafted(card, found)


def _id(name: str) -> str:
    ascii_only = (letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())
    return "".join(ascii_only).strip("-") or "model"


def _file(model: Path, version: int, shared: cards.SharedWeights | None) -> cards.ModelFile:
    try:
        return cards.ModelFile(
            name=model.name,
            precision="fp32",
            bytes=model.stat().st_size,
            sha256=sha256(model),
            opset=version,
            max_abs_error=0,
            shared=shared,
        )
    except ValidationError as error:
        raise ExportError(
            f"{model}: a site serves a model under a name of at most {cards.LONGEST_NAME} letters, digits and ._- that "
            "ends in .onnx: rename the file"
        ) from error


def _weights_beside(model: Path, loaded: onnx.ModelProto) -> cards.SharedWeights | None:
    """The file that a model's weights lie in, as PyTorch's exporter writes large ones; one is what a page can serve."""
    names = sorted(external_files(loaded))
    if not names:
        return None
    if len(names) > 1 or Path(names[0]).name != names[0]:
        raise ExportError(
            f"{model}: its weights lie in {', '.join(names)}; one file beside it is expected: save the model again "
            "with onnx.save_model(model, path, save_as_external_data=True, location=NAME)"
        )
    path = model.parent / names[0]
    try:
        return cards.SharedWeights(name=path.name, bytes=path.stat().st_size, sha256=sha256(path))
    except OSError as error:
        raise ExportError(f"{path}: cannot read the weights: {error.strerror}") from error
    except ValidationError as error:
        raise ExportError(
            f"{path}: a site serves weights under a name of letters, digits and ._- that ends in .bin, .data, .weights "
            "or .onnx_data; save the model again under such a name"
        ) from error


def _only(kind: str, tensors: Sequence[Tensor], wanted: str | None, model: Path) -> Tensor:
    """The one tensor there is, or the one of several that the author wants."""
    chosen = [tensor for tensor in tensors if wanted in {None, tensor.name}]
    if len(chosen) == 1:
        return chosen[0]
    if wanted is not None:
        raise ExportError(f"{model}: it has no {kind} '{wanted}', but {listed(tensors)}; name one with --{kind}")
    hint = f"; name one with --{kind}" if kind == "output" else "; give the others a default value, or leave them out"
    raise ExportError(f"{model}: one {kind} is expected, found {listed(tensors) or 'none'}{hint}")


def _answers(outputs: Sequence[Tensor], classes: int, wanted: str | None, model: Path) -> Sequence[Tensor]:
    """The outputs that can be meant: of several, those of floats with a value for each class."""
    maps = next((each for each in outputs if each.type.startswith("seq(map(")), None)
    if maps is not None:
        raise ExportError(
            f"{model}: its output {maps} is a list of maps, which no page can show: export the model again without "
            "them (zipmap=False in skl2onnx and onnxmltools)"
        )
    fitting = [each for each in outputs if each.type in OUTPUTS and each.shape[1:] == (classes,)]
    return fitting if wanted is None and fitting else outputs


def _pipeline(preset: Preset, tensor: Tensor, white: float | None, model: Path) -> tuple[InputPipeline, list[str]]:
    """The preset's pipeline for a network's input, and what was assumed."""
    image = _image(tensor, preset, model)
    side = _DIGIT_SIDE if preset == "digits" else _PHOTO_SIDE
    height, width = image.height or side, image.width or side
    if max(height, width) > MOST_SIDE or height * width > MOST_PIXELS:
        raise ExportError(
            f"{model}: it takes images of {height}x{width}; at most {MOST_SIDE} a side and {MOST_PIXELS:,} pixels are "
            "expected: export it for smaller ones"
        )
    pipeline = digits_pipeline(height, width) if preset == "digits" else rgb_pipeline(height, width)
    if (pipeline.channels, pipeline.height, pipeline.width) != (image.channels or pipeline.channels, height, width):
        other = "rgb" if preset == "digits" else "digits"
        raise ExportError(
            f"{model}: its input is {image.channels}x{height}x{width} (channels x height x width), but the preset "
            f"'{preset}' makes {pipeline.channels}x{pipeline.height}x{pipeline.width}: try --preset {other}, or write "
            "the card by hand"
        )
    free = image.height == 0 or image.width == 0
    assumed = [f"height and width are free; the card makes images of {height}x{width}"] if free else []
    kept: list[Step] = [step for step in pipeline.steps if not isinstance(step, Layout)]
    if tensor.type == "tensor(uint8)":
        white = 255
        assumed.append("it takes uint8, so the card passes on the image's own values, 0 to 255")
    if white is None:
        assumed.append(f"values are normalised as the preset '{preset}' says; --white changes that")
    else:
        kept = [step for step in kept if not isinstance(step, Scale | Normalise)]
        kept += [] if white == 255 else [Scale(divide=255 / white)]
    return pipeline.model_copy(update={"steps": [*kept, Layout(order=image.order)]}), assumed


def _image(tensor: Tensor, preset: Preset, model: Path) -> _Image:
    """How an input's axes are an image's."""
    sizes = [size if isinstance(size, int) and size > 0 else 0 for size in tensor.shape[1:]]
    match sizes:
        case [0 | 1 | 3 as channels, height, width]:
            return _Image("NCHW", channels, height, width)
        case [height, width, 1 | 3 as channels]:
            return _Image("NHWC", channels, height, width)
        case [channels, height, width]:
            return _Image("NCHW", channels, height, width)
        case [height, width]:
            return _Image("NHW", 1, height, width)
        case [values] if values > 0:
            channels = 1 if preset == "digits" else 3
            side = math.isqrt(values // channels)
            if side * side * channels == values:
                return _Image("flat", channels, side, side)
    raise ExportError(
        f"{model}: its input is {tensor}; batch x channels x height x width, batch x height x width x channels, "
        "batch x height x width, or batch x values of a square image is expected"
    )
