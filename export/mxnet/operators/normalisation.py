"""Normalisation by stored statistics, or by those of the tensor itself."""

from __future__ import annotations

import numpy as np

from export.mxnet.builder import Floats, Shape, Value
from export.mxnet.operators.geometry import expect_shape, normal_axes, spatial_rank
from export.mxnet.operators.registry import PARAMETER, Call, Slot, operator, same_shape

GAMMA, BETA = Slot("gamma", PARAMETER), Slot("beta", PARAMETER)
STATISTICS = ("gamma", "beta", "moving_mean", "moving_var")


def _batch_norm_shape(call: Call) -> list[Shape]:
    channels = call.data.shape[call.axis("axis", call.data.rank, 1)]
    for slot, what in enumerate(STATISTICS, start=1):
        expect_shape(call, slot, what, (channels,))
    if call.attributes.flag("output_mean_var", default=False):
        raise call.unsupported("that also gives out mean and variance")
    return [call.data.shape]


@operator(
    "BatchNorm",
    "BatchNorm_v1",
    "CuDNNBatchNorm",
    slots=["data", GAMMA, BETA, Slot("moving_mean", PARAMETER), Slot("moving_var", PARAMETER)],
    shapes=_batch_norm_shape,
)
def batch_norm(call: Call) -> list[Value]:
    """`BatchNormalization`, or multiplication and addition if the channels are not the second axis.

    Unless `fix_gamma` is false, gamma is 1, whatever the file holds.
    """
    data, gamma, beta, mean, variance = call.inputs
    eps = call.attributes.real("eps", 1e-3)
    fixed = call.attributes.flag("fix_gamma", default=True)
    axis = call.axis("axis", data.rank, 1)
    if axis == 1:
        if fixed:
            gamma = call.builder.constant(f"{gamma.name}_fixed", np.ones(gamma.shape, np.float32))
        return call.emit("BatchNormalization", [data, gamma, beta, mean, variance], epsilon=eps)
    array = call.builder.array
    scale = 1 / np.sqrt(array(variance).astype(np.float64) + eps)
    if not fixed:
        scale *= array(gamma)
    shift = array(beta) - array(mean) * scale
    return _affine(call, data, axis, scale.astype(np.float32), shift.astype(np.float32))


def _affine(call: Call, data: Value, axis: int, scale: Floats, shift: Floats) -> list[Value]:
    """`data * scale + shift`, with vectors along one axis."""
    shape = [-1 if other == axis else 1 for other in range(data.rank)]
    factor = call.builder.constant(f"{call.node.name}_scale", scale.reshape(shape))
    summand = call.builder.constant(f"{call.node.name}_shift", shift.reshape(shape))
    return call.emit("Add", [call.builder.node("Mul", [data, factor], data.shape), summand])


def _instance_norm_shape(call: Call) -> list[Shape]:
    spatial_rank(call)
    for slot, what in ((1, "gamma"), (2, "beta")):
        expect_shape(call, slot, what, (call.data.shape[1],))
    return [call.data.shape]


@operator("InstanceNorm", slots=["data", GAMMA, BETA], shapes=_instance_norm_shape)
def instance_norm(call: Call) -> list[Value]:
    """`InstanceNormalization`."""
    return call.emit("InstanceNormalization", call.inputs, epsilon=call.attributes.real("eps", 1e-3))


def _layer_norm_shape(call: Call) -> list[Shape]:
    axis = call.axis("axis", call.data.rank, -1)
    for slot, what in ((1, "gamma"), (2, "beta")):
        expect_shape(call, slot, what, (call.data.shape[axis],))
    if call.attributes.flag("output_mean_var", default=False):
        raise call.unsupported("that also gives out mean and variance")
    return [call.data.shape]


@operator("LayerNorm", slots=["data", GAMMA, BETA], shapes=_layer_norm_shape)
def layer_norm(call: Call) -> list[Value]:
    """Mean and variance along an axis, written out: ONNX has no such operator before version 17."""
    data, gamma, beta = call.inputs
    builder, axis = call.builder, call.axis("axis", call.data.rank, -1)
    narrow = tuple(1 if other == axis else size for other, size in enumerate(data.shape))
    centred = builder.node("Sub", [data, reduce_over(call, data, [axis], narrow)], data.shape)
    squares = builder.node("Mul", [centred, centred], data.shape)
    eps = builder.scalar(f"{call.node.name}_eps", call.attributes.real("eps", 1e-5))
    variance = builder.node("Add", [reduce_over(call, squares, [axis], narrow), eps], narrow)
    normal = builder.node("Div", [centred, builder.node("Sqrt", [variance], narrow)], data.shape)
    return _affine(call, normal, axis, builder.array(gamma), builder.array(beta))


def reduce_over(call: Call, value: Value, axes: list[int], shape: Shape, op_type: str = "ReduceMean") -> Value:
    """A reduction that keeps its axes; how it takes them depends on the operator and its version."""
    axes_are_input = call.builder.opset >= (13 if op_type == "ReduceSum" else 18)
    inputs: list[Value | None] = [value]
    if axes_are_input:
        inputs.append(call.builder.integers(f"{call.node.name}_axes", *axes))
    return call.builder.node(op_type, inputs, shape, keepdims=1, axes=None if axes_are_input else axes)


def _lrn_shape(call: Call) -> list[Shape]:
    if call.data.rank != 4:
        raise call.wrong_shape(f"the data has the shape {call.data.shape}; four dimensions are expected")
    if call.attributes.integer("nsize") % 2 == 0:
        raise call.wrong_shape("'nsize' is even; MXNet itself wants an odd window")
    return [call.data.shape]


@operator("LRN", slots=["data"], shapes=_lrn_shape)
def local_response_norm(call: Call) -> list[Value]:
    """`LRN`."""
    return call.emit(
        "LRN",
        [call.data],
        size=call.attributes.integer("nsize"),
        alpha=call.attributes.real("alpha", 1e-4),
        beta=call.attributes.real("beta", 0.75),
        bias=call.attributes.real("knorm", 2.0),
    )


@operator("L2Normalization", slots=["data"], shapes=same_shape)
def l2_norm(call: Call) -> list[Value]:
    """Division by the L2 norm: of an image, of the channels at a position, or of a channel."""
    data, builder = call.data, call.builder
    mode = call.attributes.choice("mode", ("instance", "channel", "spatial"), "instance")
    first, last = {"instance": (1, data.rank), "channel": (1, 2), "spatial": (2, data.rank)}[mode]
    axes = normal_axes(call, list(range(first, last)), data.rank)
    if not axes:
        raise call.wrong_shape(f"the data has the shape {data.shape}, too few dimensions for the mode '{mode}'")
    narrow = tuple(1 if axis in axes else size for axis, size in enumerate(data.shape))
    total = reduce_over(call, builder.node("Mul", [data, data], data.shape), axes, narrow, "ReduceSum")
    eps = builder.scalar(f"{call.node.name}_eps", call.attributes.real("eps", 1e-10))
    root = builder.node("Sqrt", [builder.node("Add", [total, eps], narrow)], narrow)
    return call.emit("Div", [data, root])
