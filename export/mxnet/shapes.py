"""Shape inference: what every node gives out, from the shapes of the inputs and the parameters."""

from __future__ import annotations

import math

from export.mxnet.builder import Builder, Shape, Value
from export.mxnet.errors import ShapeError, SymbolError
from export.mxnet.graph import Entry, Graph
from export.mxnet.operators import OPERATORS, Call

MOST_ELEMENTS = 1 << 26
"""The largest tensor between two layers, in elements (256 MiB of float32); more is a damaged symbol."""


def infer_shapes(graph: Graph, known: dict[str, Shape]) -> dict[Entry, Shape]:
    """The shape of every output of every node.

    Args:
        graph: The network; its operators must be known.
        known: Shapes of its inputs and parameters by name.

    Raises:
        ShapeError: If tensors do not fit each other: with the node.
        SymbolError: If an attribute makes no sense, or an output is asked for that a node does not have.
    """
    shapes: dict[Entry, Shape] = {}
    builder = Builder({}, 0)
    for index, node in enumerate(graph.nodes):
        if node.is_variable:
            if node.name in known:
                shapes[Entry(index)] = known[node.name]
            continue
        inputs = [Value(graph.nodes[entry.node].name, shape_of(shapes, graph, entry)) for entry in node.inputs]
        for output, shape in enumerate(OPERATORS[node.op].shapes(Call(node, inputs, builder))):
            if any(size < 1 for size in shape) or math.prod(shape) > MOST_ELEMENTS:
                problem = f"{node.op} gives a tensor of shape {shape}; 1 to {MOST_ELEMENTS} elements are expected"
                raise ShapeError(problem, node=node.name)
            shapes[Entry(index, output)] = shape
    return shapes


def shape_of(shapes: dict[Entry, Shape], graph: Graph, entry: Entry) -> Shape:
    """The inferred shape of an output.

    Raises:
        SymbolError: If its node has no such output.
    """
    if entry not in shapes:
        raise SymbolError(f"output {entry.output} is used, which does not exist", node=graph.nodes[entry.node].name)
    return shapes[entry]
