"""PyTorch module to a small, deterministic ONNX model, checked against PyTorch."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import onnx

from export.errors import ExportError
from export.onnx.agreement import TOLERANCE, relative_difference
from export.onnx.session import open_session

if TYPE_CHECKING:
    import torch

INPUT_NAME = "image"
OUTPUT_NAME = "logits"

Floats = npt.NDArray[np.float32]


def to_onnx(module: torch.nn.Module, sample: Floats, tolerance: float = TOLERANCE) -> onnx.ModelProto:
    """Export a module through PyTorch's dynamo exporter, strip it, and check it against PyTorch on `sample`.

    Args:
        module: Maps float32 `(n, c, h, w)` to logits `(n, classes)`; it is put in eval mode and left there.
        sample: At least two inputs, `(n, c, h, w) float32`, as the network sees them.
        tolerance: Largest difference of a logit from PyTorch's, relative to the largest logit.

    Returns:
        A model with input `image` and output `logits`, the batch axis dynamic, whose serialised bytes depend on the
        weights and the library versions alone.

    Raises:
        ExportError: If the model is not valid ONNX, if its logits differ from PyTorch's by more than `tolerance`, or if
            PyTorch's own are not finite.
    """
    model = strip(_export(module, sample[:2]))
    try:
        onnx.checker.check_model(model, full_check=True)
    except onnx.checker.ValidationError as error:
        raise ExportError(f"the exported model is not valid ONNX: {error}") from error
    expected, found = torch_logits(module, sample), onnx_logits(model, sample)
    if not np.isfinite(expected).all():
        raise ExportError("the network's own logits are not finite numbers: its weights are damaged, or too large")
    difference = relative_difference(found, expected)
    if not difference <= tolerance:
        raise ExportError(
            f"the exported model's logits differ from PyTorch's by {difference:.2e} of the largest one; at most "
            f"{tolerance:.0e} is expected, so the model was not written"
        )
    return model


def max_abs_error(module: torch.nn.Module, model: onnx.ModelProto, inputs: Floats) -> float:
    """Largest absolute difference between the logits of `module` and those of `model` on `inputs`."""
    return float(np.abs(onnx_logits(model, inputs) - torch_logits(module, inputs)).max())


def torch_logits(module: torch.nn.Module, inputs: Floats) -> Floats:
    """Logits `(n, classes) float32` of a module, which is put in eval mode and left there."""
    import torch  # noqa: PLC0415 - seconds to import, and only an export needs it

    module.eval()
    with torch.inference_mode():
        return np.asarray(module(torch.from_numpy(inputs)).numpy(), np.float32)


def onnx_logits(model: onnx.ModelProto, inputs: Floats) -> Floats:
    """Logits `(n, classes) float32` of a model that `to_onnx` made."""
    (found,) = open_session(serialise(model)).run([OUTPUT_NAME], {INPUT_NAME: inputs})
    return np.asarray(found, np.float32)


def serialise(model: onnx.ModelProto) -> bytes:
    """The model's bytes, the same for the same model."""
    return bytes(model.SerializeToString(deterministic=True))


def strip(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of `model` without the exporter's notes (source paths, stack traces, class names), attributes sorted."""
    stripped = onnx.ModelProto()
    stripped.CopyFrom(model)
    _strip_one(stripped)
    stripped.producer_version = model.producer_version.partition("+")[0]  # the same for PyTorch's CPU and GPU builds
    _strip_graph(stripped.graph)
    for function in stripped.functions:
        _strip_one(function)
        _strip_nodes(function.node)
    return stripped


def _strip_graph(graph: onnx.GraphProto) -> None:
    _strip_one(graph)
    del graph.value_info[:]
    for described in (*graph.input, *graph.output, *graph.initializer):
        _strip_one(described)
    _strip_nodes(graph.node)


def _strip_nodes(nodes: Iterable[onnx.NodeProto]) -> None:
    for node in nodes:
        _strip_one(node)
        # Default attributes come from a hash table in C++, whose order is the compiler's choice.
        attributes = sorted(node.attribute, key=lambda attribute: attribute.name)
        del node.attribute[:]
        node.attribute.extend(attributes)
        for attribute in node.attribute:
            attribute.doc_string = ""
            for graph in (attribute.g, *attribute.graphs) if attribute.HasField("g") else attribute.graphs:
                _strip_graph(graph)


def _strip_one(
    part: onnx.ModelProto
    | onnx.GraphProto
    | onnx.NodeProto
    | onnx.ValueInfoProto
    | onnx.TensorProto
    | onnx.FunctionProto,
) -> None:
    part.doc_string = ""
    del part.metadata_props[:]


def _export(module: torch.nn.Module, sample: Floats) -> onnx.ModelProto:
    import torch  # noqa: PLC0415

    module.eval()
    with quiet_logging():
        program = torch.onnx.export(
            module,
            (torch.from_numpy(sample),),
            dynamo=True,
            input_names=[INPUT_NAME],
            output_names=[OUTPUT_NAME],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            verbose=False,
        )
    if program is None:
        raise ExportError("PyTorch's ONNX exporter gave no model back")
    model = program.model_proto
    if not isinstance(model, onnx.ModelProto):
        raise ExportError(f"PyTorch's ONNX exporter gave a {type(model).__name__} instead of an onnx.ModelProto")
    return model


@contextlib.contextmanager
def quiet_logging() -> Iterator[None]:
    """Hide what a library prints or logs below error level, which is meant for its developers."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
