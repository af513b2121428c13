"""Weights in half precision: half the file, and the same float32 arithmetic."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

from export.mxnet.errors import MxnetError

LARGEST_HALF = float(np.finfo(np.float16).max)


def weight_only_float16(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of `model` whose weights (constants of two or more dimensions) are float16, cast back where they are used.

    Raises:
        MxnetError: If a weight is larger than half precision can hold.
    """
    halved = onnx.ModelProto()
    halved.CopyFrom(model)
    casts = []
    for tensor in halved.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or len(tensor.dims) < 2:
            continue
        values = numpy_helper.to_array(tensor)
        if values.size and float(np.abs(values).max()) > LARGEST_HALF:
            raise MxnetError(f"weight '{tensor.name}' holds a value beyond {LARGEST_HALF:.0f}, too large for float16")
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.float16"))
        casts.append(
            helper.make_node("Cast", [f"{name}.float16"], [name], name=f"widen {name}", to=onnx.TensorProto.FLOAT)
        )
    nodes = [*casts, *halved.graph.node]
    del halved.graph.node[:]
    halved.graph.node.extend(nodes)
    return halved
