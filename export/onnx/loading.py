"""An ONNX file as a graph, without running it; a file that is none is one clear error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx import external_data_helper

from export.errors import ExportError
from training.core.reading import open_ordinary
from training.core.text import one_line

_LONGEST = 300
"""Letters of a library's message that an error repeats."""


def load_model(path: Path, *, weights: bool = False) -> onnx.ModelProto:
    """The graph of an ONNX file.

    Args:
        path: The file.
        weights: Whether to read the weights that lie in other files, too.

    Raises:
        ExportError: If it cannot be read, or is no ONNX model.
    """
    try:
        with open_ordinary(path) as stream:
            model = onnx.load_model_from_string(stream.read())
        if weights:
            external_data_helper.load_external_data_for_model(model, str(path.parent))
    except OSError as error:
        raise ExportError(f"{path}: cannot read the model: {error.strerror or error}") from error
    except Exception as error:  # protobuf and onnx each raise classes of their own for bytes that are no model
        raise ExportError(f"{path}: not an ONNX model: {reason(error)}") from error
    if not model.graph.output:
        raise ExportError(f"{path}: not an ONNX model: it has no output")
    return model


def reason(error: Exception) -> str:
    """What a library says of an error, short and on one line."""
    return one_line(error)[:_LONGEST] or type(error).__name__


def tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Every constant of a model, those of its subgraphs and functions too."""
    yield from _in_graph(model.graph)
    for function in model.functions:
        yield from _in_nodes(function.node)


def _in_graph(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _in_nodes(graph.node)


def _in_nodes(nodes: object) -> Iterator[onnx.TensorProto]:
    for node in nodes:  # type: ignore[attr-defined]  # protobuf's repeated fields have no useful type
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for graph in (attribute.g, *attribute.graphs):
                yield from _in_graph(graph)
