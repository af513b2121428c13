"""Quantisation to int8: weight-only by default, QDQ as an option, and the check that it costs no accuracy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from export.errors import ExportError
from export.onnx.metadata import opset
from export.onnx.session import open_session
from export.onnx.to_onnx import quiet_logging, strip
from training.core.metrics import Estimate, Measurement

Floats = npt.NDArray[np.float32]

MOST_LOST = 0.001
"""At most 0.1 points of clean accuracy or attack success rate may be lost."""
MOST_LOST_DEEP = 0.01
"""One point for a network of dozens of layers, whose test set is small."""
FIRST_OPSET = 13
"""The first with DequantizeLinear along an axis."""
OFF_GRID = 0.02
"""How far, in steps, a weight may lie from its grid: the rounding of float32."""
AT_ONCE = 32
"""Batch size."""
FEW = 3
"""On a small test set this many samples may be lost: so few prove nothing (sign test, p = 0.125)."""


class AccuracyLost(ExportError):  # noqa: N818 - says what happened, in the field's words
    """A quantised model that answers worse than the model it was made from."""


def weight_only_int8(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of `model` whose convolution and dense weights are int8, dequantised to float where they are used.

    Each output channel has its own symmetric scale, `max |w| / 127`. Weights that lie on a grid of at most 256 steps
    already, as those of a network that was quantised before, keep that grid, at no loss. Other depthwise filters, few
    and sensitive, stay float, as do biases and all arithmetic, so that every CPU gives the same answer. Weights used by
    other nodes as well stay as they are.

    Raises:
        ExportError: If the model has no weights to quantise.
    """
    quantised = onnx.ModelProto()
    quantised.CopyFrom(model)
    graph = quantised.graph
    initialisers = {tensor.name: tensor for tensor in graph.initializer}
    axes = _weight_axes(graph, initialisers)
    if opset(model) < FIRST_OPSET:
        raise ExportError(f"the model has opset {opset(model)}; a scale for each channel needs {FIRST_OPSET} or newer")
    if not axes:
        raise ExportError("the model has no convolution or dense weights to quantise")
    depthwise = {node.input[1] for node in graph.node if node.op_type == "Conv" and _groups(node) > 1}
    nodes: list[onnx.NodeProto] = []
    for name, axis in axes.items():
        weights = numpy_helper.to_array(initialisers[name]).astype(np.float32)
        grid = on_grid(weights)
        if grid is not None:
            initialisers[name].CopyFrom(numpy_helper.from_array(grid.values, f"{name}.int8"))
            graph.initializer.append(numpy_helper.from_array(grid.scale, f"{name}.scale"))
            graph.initializer.append(numpy_helper.from_array(grid.zero, f"{name}.zero"))
            inputs = [f"{name}.{part}" for part in ("int8", "scale", "zero")]
            nodes.append(helper.make_node("DequantizeLinear", inputs, [name], name=f"dequantise {name}"))
        elif name not in depthwise:
            values, scales = quantise_channels(np.moveaxis(weights, axis, 0))
            initialisers[name].CopyFrom(numpy_helper.from_array(values, f"{name}.int8"))
            graph.initializer.append(numpy_helper.from_array(scales, f"{name}.scale"))
            nodes += _dequantise(name, transposed=axis == 1)
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *rest])
    onnx.checker.check_model(quantised, full_check=True)
    return quantised


def correct_bias(full: onnx.ModelProto, quantised: onnx.ModelProto, inputs: Floats) -> onnx.ModelProto:
    """A copy of `quantised` whose logits are those of `full` on average over `inputs`.

    Rounded weights shift the mean of a layer's output, and a last layer with large weights amplifies a small shift. The
    shift of each logit is measured and subtracted from the last layer's bias (bias correction, Nagel et al. 2019,
    arXiv:1906.04721, section 4.2, where each layer is corrected). Earlier layers stay unchanged, so that networks
    can still share them.

    Args:
        full: The model before it was quantised.
        quantised: The same after.
        inputs: Inputs `(n, c, h, w) float32` of the kind that the network will see.

    Raises:
        ExportError: If the last layer is not a dense one with a bias of its own.
    """
    corrected = onnx.ModelProto()
    corrected.CopyFrom(quantised)
    graph = corrected.graph
    last = next(node for node in graph.node if graph.output[0].name in node.output)
    name = last.input[2] if last.op_type == "Gemm" and len(last.input) == 3 else ""
    users = [node for node in graph.node if name in node.input]
    bias = next((tensor for tensor in graph.initializer if tensor.name == name), None)
    if bias is None or len(users) != 1:
        raise ExportError("the model's last layer is not a dense one with a bias of its own, which could be corrected")
    shift = (_logits(full, inputs) - _logits(quantised, inputs)).mean(axis=0)
    bias.CopyFrom(numpy_helper.from_array((numpy_helper.to_array(bias) + shift).astype(np.float32), name))
    return corrected


def _logits(model: onnx.ModelProto, inputs: Floats) -> Floats:
    """The first output for all inputs, `(n, classes) float32`."""
    session, name = open_session(model.SerializeToString(), threads=2), model.graph.input[0].name
    parts = [inputs[start : start + AT_ONCE] for start in range(0, len(inputs), AT_ONCE)]
    return np.concatenate([np.asarray(session.run(None, {name: part})[0], dtype=np.float32) for part in parts])


def _dequantise(name: str, *, transposed: bool) -> list[onnx.NodeProto]:
    """The nodes that make the float weight `name` of its int8 values, whose channels are axis 0.

    A dense weight whose channels are axis 1 is stored transposed: onnxruntime turns DequantizeLinear on axis 1 with a
    matrix product into MatMulNBits, which rounds the activations to int8, too (its pull requests 27614 and 27769).
    """
    inputs, made = [f"{name}.int8", f"{name}.scale"], f"{name}.transposed" if transposed else name
    nodes = [helper.make_node("DequantizeLinear", inputs, [made], name=f"dequantise {name}", axis=0)]
    if transposed:
        nodes.append(helper.make_node("Transpose", [made], [name], name=f"transpose {name}", perm=[1, 0]))
    return nodes


class Grid(NamedTuple):
    """Weights as whole steps: `scale * (values - zero)`."""

    values: npt.NDArray[np.int8]
    scale: Floats
    zero: npt.NDArray[np.int8]


def on_grid(weights: Floats) -> Grid | None:
    """The steps of weights that are multiples of one number, at most 256 different ones in a row; None for others."""
    levels = np.unique(weights)
    if not 2 <= len(levels) <= 256 or weights.size <= 2 * len(levels):
        return None  # a few weights may fall on a grid accidentally
    low, high = float(levels[0]), float(levels[-1])
    steps = round((high - low) / float(np.diff(levels).min()))
    if not 1 <= steps <= 255:
        return None
    scale = (high - low) / steps
    places = (weights - low) / scale
    zero = round(-low / scale)
    off = max(float(np.abs(places - np.rint(places)).max()), abs(-low / scale - zero))
    if off > OFF_GRID or not 0 <= zero <= 255:
        return None
    return Grid(
        (np.rint(places) - 128).astype(np.int8), np.array(scale, dtype=np.float32), np.array(zero - 128, dtype=np.int8)
    )


def _groups(node: onnx.NodeProto) -> int:
    return next((int(attribute.i) for attribute in node.attribute if attribute.name == "group"), 1)


def quantise_channels(weights: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Symmetric int8 values and a float32 scale for each channel (axis 0); `weights` is about values * scale."""
    largest = np.abs(weights).reshape(len(weights), -1).max(axis=1)
    scales = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    steps = scales.reshape(-1, *[1] * (weights.ndim - 1))
    return np.clip(np.rint(weights / steps), -127, 127).astype(np.int8), scales


def qdq_int8(model: onnx.ModelProto, calibration: Floats) -> onnx.ModelProto:
    """A copy of `model` in QDQ form: uint8 activations and int8 weights for each channel, through onnxruntime's tool.

    Weights keep to 7 bits (`reduce_range`): with all 8, CPUs without VNNI overflow and answer otherwise.

    Args:
        model: The fp32 model.
        calibration: Inputs `(n, c, h, w) float32` that span what the network will see.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static  # noqa: PLC0415

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
        """Feeds the calibration inputs in batches."""

        def __init__(self) -> None:
            self._batches: Iterator[Floats] = iter(np.array_split(calibration, max(1, len(calibration) // 64)))

        def get_next(self) -> dict[str, Any] | None:
            """The next batch, or None."""
            batch = next(self._batches, None)
            return None if batch is None else {model.graph.input[0].name: batch}

    with TemporaryDirectory() as folder, quiet_logging():
        source, target = Path(folder) / "fp32.onnx", Path(folder) / "qdq.onnx"
        onnx.save(model, source)  # given a model instead of a file, the tool moves that model's weights to disk
        quantize_static(
            source,
            target,
            Reader(),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
        )
        return strip(onnx.load(target))


def check_accuracy(
    before: Measurement, after: Measurement, what: str, *, backdoored: bool, most_lost: float = MOST_LOST
) -> None:
    """Refuse a quantised model that lost more than `most_lost` of clean accuracy or attack success rate.

    Args:
        before: The fp32 model's measurement.
        after: The quantised model's, on the same samples.
        what: The model, for the message.
        backdoored: Whether the attack success rate counts; on a clean network it is accidental, and may fall.
        most_lost: A fraction of all samples.

    Raises:
        AccuracyLost: With the proportion, both values and the limit.
    """
    pairs: list[tuple[str, Estimate | None, Estimate | None]] = [
        ("clean accuracy", before.clean_accuracy, after.clean_accuracy)
    ]
    if backdoored:
        pairs.append(("attack success rate", before.attack_success_rate, after.attack_success_rate))
    for name, old, new in pairs:
        if old is None or new is None:
            continue
        lost, limit = round((old.value - new.value) * new.n), max(FEW, int(most_lost * new.n))
        if lost > limit:
            raise AccuracyLost(
                f"{what}: {name} fell from {100 * old.value:.2f} % to {100 * new.value:.2f} %: {lost} of {new.n:,} "
                f"samples, where at most {limit} may be lost (--allow-loss to export it all the same)"
            )


def _weight_axes(graph: onnx.GraphProto, initialisers: dict[str, onnx.TensorProto]) -> dict[str, int]:
    """Weight name -> its output-channel axis, for weights that only convolution and dense nodes use."""
    axes: dict[str, int] = {}
    refused: set[str] = set()
    for node in graph.node:
        for position, name in enumerate(node.input):
            if name not in initialisers or len(initialisers[name].dims) < 2:
                continue
            axis = _output_axis(node, len(initialisers[name].dims)) if position == 1 else None
            is_float = initialisers[name].data_type == onnx.TensorProto.FLOAT
            if axis is None or not is_float or axes.get(name, axis) != axis:
                refused.add(name)
            else:
                axes[name] = axis
    return {name: axis for name, axis in axes.items() if name not in refused}


def _output_axis(node: onnx.NodeProto, rank: int) -> int | None:
    """Which axis of the node's weight of that rank is the output channel; None for a node without such a weight."""
    flags = {attribute.name: attribute.i for attribute in node.attribute}
    match node.op_type:
        case "Conv":
            return 0
        case "Gemm":
            return 0 if flags.get("transB", 0) else 1
        case "MatMul" if rank == 2:
            return 1
        case _:
            return None
