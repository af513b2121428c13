"""Pooling, with MXNet's two ways of counting windows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from export.mxnet.builder import Floats, Shape, Value
from export.mxnet.operators.geometry import check_layout, spatial_rank, windows
from export.mxnet.operators.normalisation import reduce_over
from export.mxnet.operators.registry import Call, operator

KINDS = ("max", "avg", "sum", "lp")


@dataclass(frozen=True)
class _Windows:
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    pad: tuple[int, ...]
    surplus: tuple[int, ...]
    """Rows after the padding that a last, partial window covers, by the conventions `full` and `same`."""
    ceil: bool
    """Whether the convention counts partial windows."""


def _is_global(call: Call) -> bool:
    """Whether each channel is pooled as one window; kernel, stride, padding and convention are then ignored."""
    return call.attributes.flag("global_pool", default=False)


def _windows(call: Call) -> _Windows:
    rank, attributes = spatial_rank(call), call.attributes
    kernel, stride = attributes.sizes("kernel", rank), attributes.sizes("stride", rank, 1)
    convention = attributes.choice("pooling_convention", ("valid", "full", "same"), "valid")
    if convention == "same":  # a window begins at each stride; MXNet has it for sequences, and asks for three paddings
        if rank > 1 or any(attributes.integers("pad")):
            raise call.wrong_shape("the convention 'same' is for one spatial dimension, without padding")
        pad: tuple[int, ...] = (0,)
    else:
        pad = attributes.sizes("pad", rank, 0)
    if 0 in kernel or 0 in stride or any(p >= k for p, k in zip(pad, kernel, strict=True)):
        raise call.wrong_shape(f"windows of kernel {kernel}, stride {stride} and pad {pad} are not possible")
    surplus = []
    for size, k, s, p in zip(call.data.shape[2:], kernel, stride, pad, strict=True):
        if size + 2 * p < k and convention != "same":
            raise call.wrong_shape(f"a kernel of {k} does not fit a size of {size} padded by {p} on both sides")
        count = -(-size // s) if convention == "same" else windows(size, k, s, 2 * p, ceil=convention == "full")
        if (count - 1) * s >= size + p:
            raise call.unsupported("with a window that lies wholly behind the data (convention 'full')")
        surplus.append(max(0, (count - 1) * s + k - size - 2 * p))
    return _Windows(kernel, stride, pad, tuple(surplus), convention != "valid")


def _pooling_shape(call: Call) -> list[Shape]:
    rank = spatial_rank(call)
    check_layout(call, rank)
    call.attributes.choice("pool_type", KINDS, "max")
    if _is_global(call):
        return [(*call.data.shape[:2], *[1] * rank)]
    shape = _windows(call)
    sizes = [
        windows(size, k, s, 2 * p + extra)
        for size, k, s, p, extra in zip(
            call.data.shape[2:], shape.kernel, shape.stride, shape.pad, shape.surplus, strict=True
        )
    ]
    return [(*call.data.shape[:2], *sizes)]


@operator("Pooling", "Pooling_v1", slots=["data"], shapes=_pooling_shape)
def pooling(call: Call) -> list[Value]:
    """`MaxPool`, `AveragePool` or `LpPool`, or their global forms.

    Partial windows are made whole by padding behind the data; where its size is free, ONNX counts them (`ceil_mode`).
    """
    kind = call.attributes.choice("pool_type", KINDS, "max")
    if _is_global(call):
        return _global(call, kind)
    shape = _windows(call)
    geometry: dict[str, Any] = {"kernel_shape": shape.kernel, "strides": shape.stride}
    surplus = shape.surplus
    if call.builder.any_size and shape.ceil and kind in {"max", "avg"}:
        geometry, surplus = geometry | {"ceil_mode": 1}, (0,) * len(surplus)
    pads = (*shape.pad, *(p + extra for p, extra in zip(shape.pad, surplus, strict=True)))
    if kind == "max":
        return call.emit("MaxPool", [call.data], pads=pads, **geometry)
    if kind == "lp":
        return call.emit("LpPool", [call.data], pads=pads, p=_norm(call), **geometry)
    if kind == "avg" and not call.attributes.flag("count_include_pad", default=True):
        return call.emit("AveragePool", [call.data], pads=pads, count_include_pad=0, **geometry)
    data = _padded(call, shape.pad)
    behind = (*[0] * len(shape.pad), *surplus)
    if kind == "avg":  # padding counts as zeros, what lies behind it does not count
        return call.emit("AveragePool", [data], pads=behind, count_include_pad=0, **geometry)
    mean = call.builder.node("AveragePool", [data], call.shape, pads=behind, count_include_pad=1, **geometry)
    return call.emit("Mul", [mean, call.builder.scalar(f"{call.node.name}_area", math.prod(shape.kernel))])


def _bins(call: Call) -> tuple[int, int]:
    if call.data.rank != 4:
        raise call.wrong_shape(f"the data has the shape {call.data.shape}; four dimensions are expected")
    sizes = call.attributes.sizes("output_size") if call.attributes.has("output_size") else (1,)
    if len(sizes) not in {1, 2} or min(sizes) < 1:
        raise call.wrong_shape(f"'output_size' is {sizes}; one or two sizes are expected")
    return sizes[0], sizes[-1]


@operator(
    "_contrib_AdaptiveAvgPooling2D",
    slots=["data"],
    shapes=lambda call: [(*call.data.shape[:2], *_bins(call))],
)
def adaptive_pooling(call: Call) -> list[Value]:
    """The mean over each of so many bins, which may overlap: a product with a matrix along each axis."""
    if call.shape[2:] == (1, 1):
        return call.emit("GlobalAveragePool", [call.data])
    rows, columns = (_means(size, count) for size, count in zip(call.data.shape[2:], call.shape[2:], strict=True))
    builder, name = call.builder, call.node.name
    narrow = (*call.shape[:3], call.data.shape[3])
    by_row = builder.node("MatMul", [builder.constant(f"{name}_rows", rows), call.data], narrow, name=name)
    return call.emit("MatMul", [by_row, builder.constant(f"{name}_columns", np.ascontiguousarray(columns.T))])


def _means(size: int, count: int) -> Floats:
    """The matrix `(count, size)` that takes the mean over each bin."""
    matrix = np.zeros((count, size), np.float32)
    for index in range(count):
        first, last = index * size // count, -(-(index + 1) * size // count)
        matrix[index, first:last] = 1 / (last - first)
    return matrix


def _global(call: Call, kind: str) -> list[Value]:
    if kind == "sum":
        return [reduce_over(call, call.data, list(range(2, call.data.rank)), call.shape, "ReduceSum")]
    if kind == "lp":
        return [reduce_over(call, call.data, list(range(2, call.data.rank)), call.shape, f"ReduceL{_norm(call)}")]
    return call.emit({"max": "GlobalMaxPool", "avg": "GlobalAveragePool"}[kind], [call.data])


def _norm(call: Call) -> int:
    norm = call.attributes.integer("p_value")
    if norm not in {1, 2}:
        raise call.unsupported(f"with p_value {norm}")
    return norm


def _padded(call: Call, pad: tuple[int, ...]) -> Value:
    """The data with explicit padding, so that only this padding is counted."""
    if not any(pad):
        return call.data
    shape = (*call.data.shape[:2], *(size + 2 * p for size, p in zip(call.data.shape[2:], pad, strict=True)))
    amounts = call.builder.integers(f"{call.node.name}_pads", 0, 0, *pad, 0, 0, *pad)
    return call.builder.node("Pad", [call.data, amounts], shape)
