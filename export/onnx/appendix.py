"""More outputs for a network whose file stays as it is.

An ONNX file is a protobuf message. Of a message that stands in a file twice, protobuf reads one, and joins the lists of
both. So bytes at the end can add nodes and outputs, with no ONNX library: a browser puts an appendix after a released
file and opens the two as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, load_from_string, numpy_helper

from export.errors import ExportError

Floats = npt.NDArray[np.float32]
PREFIX = "inside."
"""Of every name that an appendix adds."""
BATCH = "batch"
DENSE = ("Gemm", "MatMul")
FLATTEN = ("Reshape", "Flatten")


@dataclass(frozen=True)
class Projection:
    """An appendix that projects the features to a few numbers."""

    appendix: bytes
    point: str
    """The added output, `(n, d)`."""


@dataclass(frozen=True)
class Mask:
    """An appendix that shows the maps of the last convolution, and answers without some of them."""

    appendix: bytes
    maps: str
    """The added output, `(n, c, h, w)`."""
    keep: str
    """The added input, `(1, c, 1, 1)`."""
    logits: str
    """The added output, `(n, classes)`."""


@dataclass
class _Added:
    """What an appendix adds to a graph."""

    nodes: list[NodeProto] = field(default_factory=list)
    inputs: list[ValueInfoProto] = field(default_factory=list)
    outputs: list[ValueInfoProto] = field(default_factory=list)
    initialisers: list[TensorProto] = field(default_factory=list)

    def serialised(self) -> bytes:
        graph = GraphProto(node=self.nodes, input=self.inputs, output=self.outputs, initializer=self.initialisers)
        content: bytes = ModelProto(graph=graph).SerializeToString(deterministic=True)
        return content


def with_output(tensor: str) -> bytes:
    """An appendix that makes a float32 tensor of the network an output."""
    return _Added(outputs=[_floats(tensor, None)]).serialised()


def features_of(model: bytes) -> str:
    """The tensor that enters a network's last layer.

    Raises:
        ExportError: If the network does not end in a linear layer.
    """
    graph = load_from_string(model).graph
    last = graph.node[-1] if graph.node else None
    if last is None or last.op_type not in DENSE or last.output[0] != graph.output[0].name:
        raise ExportError("the network does not end in a linear layer, so it has no features to show")
    return str(last.input[0])


def maps_of(model: bytes) -> str:
    """The tensor with the maps of a network's last convolution, as they are flattened for its dense layers.

    Raises:
        ExportError: If the network flattens no maps, or does so more than once.
    """
    flattened = [node for node in load_from_string(model).graph.node if node.op_type in FLATTEN]
    if len(flattened) != 1:
        raise ExportError(f"the network flattens maps {len(flattened)} times; once, for its dense layers, is expected")
    return str(flattened[0].input[0])


def projection(model: bytes, middle: Floats, axes: Floats) -> Projection:
    """An appendix that projects a network's features.

    Args:
        model: The ONNX file's bytes.
        middle: What is taken from the features first, `(d,)`.
        axes: The axes to project on, `(k, d)`.
    """
    point = f"{PREFIX}point"
    offset = -(axes.astype(np.float64) @ middle).astype(np.float32)
    values = {"axes": np.asarray(axes), "offset": np.asarray(offset)}
    added = _Added(
        nodes=[helper.make_node("Gemm", [features_of(model), *(PREFIX + name for name in values)], [point], transB=1)],
        outputs=[_floats(point, [BATCH, len(axes)])],
        initialisers=[numpy_helper.from_array(value, PREFIX + name) for name, value in values.items()],
    )
    return Projection(added.serialised(), point)


def mask(model: bytes, maps_shape: tuple[int, int, int], classes: int) -> Mask:
    """An appendix that shows the maps of a network's last convolution, and what it answers when some of them are 0.

    Args:
        model: The ONNX file's bytes.
        maps_shape: Channels, height and width of the maps.
        classes: Number of logits.
    """
    maps, keep = maps_of(model), f"{PREFIX}keep"
    kept = f"{PREFIX}kept"
    graph = load_from_string(model).graph
    again = {maps: kept}
    nodes = [helper.make_node("Mul", [maps, keep], [kept])]
    for node in graph.node:
        if any(name in again for name in node.input):  # everything that follows from the maps, once more
            nodes.append(_renamed(node, again))
            again |= {name: PREFIX + name for name in node.output}
    logits = again[graph.output[0].name]
    added = _Added(
        nodes=nodes,
        inputs=[_floats(keep, [1, maps_shape[0], 1, 1])],
        outputs=[_floats(maps, [BATCH, *maps_shape]), _floats(logits, [BATCH, classes])],
    )
    return Mask(added.serialised(), maps, keep, logits)


def _renamed(node: NodeProto, names: dict[str, str]) -> NodeProto:
    """The node on renamed inputs, with renamed outputs."""
    made = NodeProto()
    made.CopyFrom(node)
    made.ClearField("name")
    made.ClearField("metadata_props")
    made.input[:] = [names.get(name, name) for name in node.input]
    made.output[:] = [PREFIX + name for name in node.output]
    return made


def _floats(name: str, shape: Sequence[str | int] | None) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
