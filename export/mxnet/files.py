"""From a checkpoint's two files to a checked ONNX file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import onnx

from export.mxnet.builder import Floats, Shape
from export.mxnet.check import check, relative_difference
from export.mxnet.checkpoint import read_checkpoint
from export.mxnet.convert import DEFAULT_OPSET, Converted, convert
from export.mxnet.errors import MxnetError
from export.mxnet.halve import weight_only_float16
from export.quantise import weight_only_int8
from training.files import write_bytes

Precision = Literal["fp32", "float16", "int8"]
LARGEST_MODEL = (1 << 31) - 1
"""Bytes that a protobuf message, and so an ONNX file of one piece, can have."""


@dataclass(frozen=True)
class Report:
    """What was written."""

    inputs: dict[str, Shape]
    outputs: dict[str, Shape]
    parameters: int
    operators: int
    nodes: int
    bytes: int
    precision: Precision
    difference: float | None
    """Largest difference to the float32 conversion's answers, relative to the largest answer; None for float32."""


def convert_files(  # noqa: PLR0913 - the options of a command
    symbol: Path,
    parameters: Path,
    out: Path,
    *,
    inputs: Mapping[str, Shape] | None = None,
    opset: int = DEFAULT_OPSET,
    precision: Precision = "fp32",
    labels: Sequence[str] | None = None,
) -> Report:
    """Convert a checkpoint, check the result, and write it.

    Args:
        symbol: The `-symbol.json` file.
        parameters: The `.params` file.
        out: Where to write the ONNX model; it is left as it was when anything fails.
        inputs: Shapes of the network's inputs, batch first.
        opset: Version of ONNX's operators.
        precision: `float16` and `int8` store the weights that way; the arithmetic stays float32.
        labels: Names of the classes, kept in the model's metadata.

    Raises:
        MxnetError: If anything is wrong with the checkpoint, or with what became of it.
    """
    converted = _converted(symbol, parameters, inputs, opset)
    model = converted.model
    _label(model, labels)
    content = _serialise(model)
    answers = check(content, converted.inputs)
    difference = None
    if precision != "fp32":
        model = weight_only_int8(model) if precision == "int8" else weight_only_float16(model)
        content = _serialise(model)
        difference = _difference(check(content, converted.inputs), answers)
    write_bytes(out, content)
    return Report(
        inputs=converted.inputs,
        outputs={value.name: answer.shape for value, answer in zip(model.graph.output, answers, strict=True)},
        parameters=converted.parameters,
        operators=converted.operators,
        nodes=len(model.graph.node),
        bytes=len(content),
        precision=precision,
        difference=difference,
    )


def _converted(symbol: Path, parameters: Path, inputs: Mapping[str, Shape] | None, opset: int) -> Converted:
    """The conversion; the checkpoint's arrays are let go of on return."""
    return convert(*read_checkpoint(symbol, parameters), inputs, opset)


def _serialise(model: onnx.ModelProto) -> bytes:
    if (size := model.ByteSize()) > LARGEST_MODEL:
        raise MxnetError(f"the model would take {size} bytes; an ONNX file of one piece holds at most {LARGEST_MODEL}")
    return bytes(model.SerializeToString(deterministic=True))


def _label(model: onnx.ModelProto, labels: Sequence[str] | None) -> None:
    if labels is None:
        return
    sizes = {value.name: value.type.tensor_type.shape.dim[-1].dim_value for value in model.graph.output}
    if list(sizes.values()) != [len(labels)]:
        outputs = ", ".join(f"'{name}' of {size}" for name, size in sizes.items())
        raise MxnetError(f"there are {len(labels)} labels for the network's outputs {outputs}")
    model.metadata_props.add(key="labels", value=json.dumps(list(labels)))


def _difference(found: list[Floats], expected: list[Floats]) -> float:
    return max(relative_difference(one, other) for one, other in zip(found, expected, strict=True))
