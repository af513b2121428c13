"""Checks and arithmetic on shapes, for all operators."""

from __future__ import annotations

from collections.abc import Sequence

from export.mxnet.builder import Shape
from export.mxnet.operators.registry import Call


def broadcast(call: Call) -> list[Shape]:
    """Both inputs broadcast to each other's shape, as in NumPy but with equal ranks."""
    left, right = call.shapes
    if len(left) != len(right) or any(a != b and 1 not in {a, b} for a, b in zip(left, right, strict=True)):
        raise call.wrong_shape(f"the shapes {left} and {right} cannot be broadcast")
    return [tuple(max(a, b) for a, b in zip(left, right, strict=True))]


def all_equal(call: Call) -> list[Shape]:
    """Every input and the output have the first one's shape."""
    if any(shape != call.data.shape for shape in call.shapes):
        raise call.wrong_shape(
            f"the inputs have the shapes {', '.join(map(str, call.shapes))}; equal ones are expected"
        )
    return [call.data.shape]


def expect_shape(call: Call, slot: int, what: str, expected: Shape) -> None:
    """Raise `ShapeError` unless a parameter has the shape that the node's attributes require."""
    if call.inputs[slot].shape != expected:
        name = call.inputs[slot].name
        raise call.wrong_shape(f"its {what} '{name}' has the shape {call.inputs[slot].shape}; {expected} is expected")


def spatial_rank(call: Call, least: int = 1) -> int:
    """Number of spatial dimensions after batch and channels: 1 to 3."""
    rank = call.data.rank - 2
    if not least <= rank <= 3:
        raise call.wrong_shape(
            f"the data has the shape {call.data.shape}; batch, channels and 1 to 3 sizes are expected"
        )
    return rank


def check_layout(call: Call, rank: int) -> None:
    """Refuse channels-last layouts, which MXNet ran on GPUs only."""
    default = ("NCW", "NCHW", "NCDHW")[rank - 1]
    if call.attributes.has("layout") and call.node.attributes["layout"] != default:
        raise call.unsupported(f"with the layout {call.node.attributes['layout']}")


def windows(size: int, kernel: int, stride: int, padding: int, *, ceil: bool = False) -> int:
    """How many windows fit into `size`, padded by `padding` in total; a last partial one counts with `ceil`."""
    room = size + padding - kernel
    return (-(-room // stride) if ceil else room // stride) + 1


def normal_axes(call: Call, axes: Sequence[int], rank: int) -> list[int]:
    """Axes counted from the front, in order."""
    if any(not -rank <= axis < rank for axis in axes) or len({axis % rank for axis in axes}) != len(axes):
        raise call.wrong_shape(f"the axes {tuple(axes)} are not those of a tensor of {rank} dimensions")
    return sorted(axis % rank for axis in axes)
