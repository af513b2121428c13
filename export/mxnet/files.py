"""From a checkpoint's two files to a checked ONNX file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import onnx

from export.mxnet.builder import Shape
from export.mxnet.check import Checked, check, check_sizes, finite_difference
from export.mxnet.checkpoint import read_checkpoint
from export.mxnet.convert import DEFAULT_OPSET, assumption, convert
from export.mxnet.errors import MxnetError
from export.mxnet.halve import weight_only_float16
from export.mxnet.serialise import write_model
from export.onnx.quantise import weight_only_int8
from training.core.files import require_writable_file

Precision = Literal["fp32", "float16", "int8"]


@dataclass(frozen=True)
class Report:
    """What was written."""

    inputs: dict[str, Shape]
    outputs: dict[str, tuple[int | str, ...]]
    """Shapes of its outputs without the batch; `any` for a size that depends on that of the images."""
    parameters: int
    operators: int
    nodes: int
    bytes: int
    precision: Precision = "fp32"
    difference: float | None = None
    """Largest difference to the float32 conversion's answers, relative to the largest answer; None for float32."""
    compared: bool = True
    """Whether any test image had a finite answer, so that answers could be compared."""


def convert_files(  # noqa: PLR0913 - the options of a command
    symbol: Path,
    parameters: Path,
    out: Path,
    *,
    inputs: Mapping[str, Shape] | None = None,
    opset: int = DEFAULT_OPSET,
    precision: Precision = "fp32",
    labels: Sequence[str] | None = None,
    any_size: bool = False,
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
        any_size: Whether to leave the height and width of images free.

    Raises:
        MxnetError: If anything is wrong with the checkpoint, or with what became of it.
        RunError: If `out` is a folder or a device, or cannot be written.
    """
    require_writable_file(out)
    if out.exists() and any(given.exists() and out.samefile(given) for given in (symbol, parameters)):
        raise MxnetError(f"{out}: this is one of the checkpoint's own files; give another path")
    new = out.with_name(f".{out.name}.new")
    try:
        report = _convert_into(new, symbol, parameters, inputs or {}, opset, labels, any_size=any_size)
        checked = _check(new, report, inputs or {})
        if any_size:
            check_sizes(new, lambda shapes: _converted(symbol, parameters, shapes, opset), report.inputs)
        if precision != "fp32":
            report = _shrink(new, report, precision, checked)
        new.replace(out)
    finally:
        new.unlink(missing_ok=True)
    return report if checked.finite else replace(report, compared=False)


def _check(new: Path, report: Report, given: Mapping[str, Shape]) -> Checked:
    try:
        return check(new, report.inputs)
    except MxnetError as error:
        assumed = {name: shape for name, shape in report.inputs.items() if name not in given}
        raise MxnetError(f"{error}{assumption(assumed)}") from error


def _convert_into(  # noqa: PLR0913, PLR0917 - the same
    new: Path,
    symbol: Path,
    parameters: Path,
    inputs: Mapping[str, Shape],
    opset: int,
    labels: Sequence[str] | None,
    *,
    any_size: bool,
) -> Report:
    """Convert, and write what came of it; the checkpoint's content is let go of on return."""
    converted = convert(*read_checkpoint(symbol, parameters), inputs, opset, any_size=any_size)
    _label(converted.skeleton, labels)
    size = write_model(new, converted.skeleton, converted.constants)
    graph = converted.skeleton.graph
    outputs = {
        value.name: tuple(size.dim_value or "any" for size in value.type.tensor_type.shape.dim[1:])
        for value in graph.output
    }
    return Report(
        inputs=converted.inputs,
        outputs=outputs,
        parameters=converted.parameters,
        operators=converted.operators,
        nodes=len(graph.node),
        bytes=size,
    )


def _converted(symbol: Path, parameters: Path, inputs: Mapping[str, Shape], opset: int) -> bytes:
    """The content of a conversion for images of one size."""
    return bytes(convert(*read_checkpoint(symbol, parameters), inputs, opset).model.SerializeToString())


def _shrink(new: Path, report: Report, precision: Precision, checked: Checked) -> Report:
    """Store the weights of a converted file in fewer bits, and check it again."""
    model = onnx.load(new)
    model = weight_only_int8(model) if precision == "int8" else weight_only_float16(model)
    content = bytes(model.SerializeToString(deterministic=True))
    new.write_bytes(content)
    pairs = zip(check(new, report.inputs, checked.values).answers, checked.answers, strict=True)
    difference = max(finite_difference(found, expected) for found, expected in pairs)
    size, nodes = len(content), len(model.graph.node)
    return replace(report, precision=precision, difference=difference, bytes=size, nodes=nodes)


def _label(model: onnx.ModelProto, labels: Sequence[str] | None) -> None:
    if labels is None:
        return
    sizes = {value.name: value.type.tensor_type.shape.dim[-1].dim_value for value in model.graph.output}
    if list(sizes.values()) != [len(labels)]:
        outputs = ", ".join(f"'{name}' of {size}" for name, size in sizes.items())
        raise MxnetError(f"there are {len(labels)} labels for the network's outputs {outputs}")
    model.metadata_props.add(key="labels", value=json.dumps(list(labels)))
