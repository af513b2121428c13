"""Reductions along axes."""

from __future__ import annotations

from export.mxnet.builder import Shape, Value
from export.mxnet.operators.geometry import normal_axes
from export.mxnet.operators.normalisation import reduce_over
from export.mxnet.operators.registry import Call, operator

REDUCTIONS = {"mean": "ReduceMean", "sum": "ReduceSum", "sum_axis": "ReduceSum", "max": "ReduceMax",
              "max_axis": "ReduceMax", "min": "ReduceMin", "min_axis": "ReduceMin", "prod": "ReduceProd"}  # fmt: skip
"""MXNet's names, and ONNX's."""


def _axes(call: Call) -> list[int]:
    """The reduced axes: all if none is named; the others if `exclude` is set."""
    rank = call.data.rank
    named = normal_axes(call, call.attributes.integers("axis"), rank) or list(range(rank))
    if call.attributes.flag("exclude", default=False):
        return [axis for axis in range(rank) if axis not in named]
    return named


def _reduced_shape(call: Call) -> list[Shape]:
    axes = _axes(call)
    if not axes:
        raise call.unsupported("that excludes every axis")
    if call.attributes.flag("keepdims", default=False):
        return [tuple(1 if axis in axes else size for axis, size in enumerate(call.data.shape))]
    return [tuple(size for axis, size in enumerate(call.data.shape) if axis not in axes) or (1,)]


@operator(*REDUCTIONS, slots=["data"], shapes=_reduced_shape)
def reduction(call: Call) -> list[Value]:
    """`ReduceMean` and similar; axes that are not kept are squeezed afterwards."""
    axes, data = _axes(call), call.data
    narrow = tuple(1 if axis in axes else size for axis, size in enumerate(data.shape))
    reduced = reduce_over(call, data, axes, narrow, REDUCTIONS[call.node.op])
    if call.shape == narrow:
        return [reduced]
    gone = axes if len(axes) < data.rank else axes[1:]
    return call.emit("Squeeze", [reduced, call.builder.integers(f"{call.node.name}_gone", *gone)])
