"""Layers with weights: convolution, its transpose, and the dense layer."""

from __future__ import annotations

import math

import numpy as np

from export.mxnet.attributes import Attributes
from export.mxnet.builder import Shape, Value
from export.mxnet.operators.geometry import check_layout, expect_shape, spatial_rank, windows
from export.mxnet.operators.registry import PARAMETER, Call, Slot, operator

WEIGHT, BIAS = Slot("weight", PARAMETER), Slot("bias", PARAMETER)


def _with_bias(attributes: Attributes) -> list[Slot]:
    return [Slot("data"), WEIGHT] if attributes.flag("no_bias", default=False) else [Slot("data"), WEIGHT, BIAS]


def _without_bias(attributes: Attributes) -> list[Slot]:
    """The transposed convolution has the opposite default."""
    return [Slot("data"), WEIGHT] if attributes.flag("no_bias", default=True) else [Slot("data"), WEIGHT, BIAS]


def _groups(call: Call) -> int:
    groups, channels = call.attributes.integer("num_group", 1), call.data.shape[1]
    filters = call.attributes.integer("num_filter")
    if groups < 1 or filters < 1 or channels % groups or filters % groups:
        raise call.wrong_shape(f"{channels} channels and {filters} filters cannot be split into {groups} groups")
    return groups


def _geometry(call: Call) -> dict[str, tuple[int, ...]]:
    rank = spatial_rank(call)
    check_layout(call, rank)
    found = {"kernel": call.attributes.sizes("kernel", rank)}
    found |= {name: call.attributes.sizes(name, rank, 1) for name in ("stride", "dilate")}
    found |= {name: call.attributes.sizes(name, rank, 0) for name in ("pad", "adj")}
    for name in ("kernel", "stride", "dilate"):
        if 0 in found[name]:
            raise call.wrong_shape(f"'{name}' is {found[name]}; at least 1 is expected")
    return found


def _convolution_shape(call: Call) -> list[Shape]:
    geometry, groups, filters = _geometry(call), _groups(call), call.attributes.integer("num_filter")
    expect_shape(call, 1, "weight", (filters, call.data.shape[1] // groups, *geometry["kernel"]))
    if len(call.inputs) > 2:
        expect_shape(call, 2, "bias", (filters,))
    sizes = [
        windows(size, dilate * (kernel - 1) + 1, stride, 2 * pad)
        for size, kernel, stride, dilate, pad in zip(
            call.data.shape[2:],
            geometry["kernel"],
            geometry["stride"],
            geometry["dilate"],
            geometry["pad"],
            strict=True,
        )
    ]
    return [(call.data.shape[0], filters, *sizes)]


@operator("Convolution", "Convolution_v1", slots=_with_bias, shapes=_convolution_shape)
def convolution(call: Call) -> list[Value]:
    """`Conv`."""
    geometry = _geometry(call)
    return call.emit(
        "Conv",
        call.inputs,
        kernel_shape=geometry["kernel"],
        strides=geometry["stride"],
        dilations=geometry["dilate"],
        pads=geometry["pad"] * 2,
        group=_groups(call),
    )


def _transposed_padding(call: Call) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Padding and adjustment; a target shape, when given, decides both."""
    geometry = _geometry(call)
    target = call.attributes.sizes("target_shape", None, 0)
    if not any(target):
        return geometry["pad"], geometry["adj"]
    if len(target) != len(geometry["kernel"]):
        raise call.wrong_shape(f"'target_shape' is {target}, for {len(geometry['kernel'])} spatial dimensions")
    surplus = [
        stride * (size - 1) + dilate * (kernel - 1) + 1 - wanted
        for size, kernel, stride, dilate, wanted in zip(
            call.data.shape[2:], geometry["kernel"], geometry["stride"], geometry["dilate"], target, strict=True
        )
    ]
    if min(surplus) < 0:
        raise call.wrong_shape(f"'target_shape' {target} is larger than the result without padding")
    return tuple((each + 1) // 2 for each in surplus), tuple(each % 2 for each in surplus)


def _deconvolution_shape(call: Call) -> list[Shape]:
    geometry, groups, filters = _geometry(call), _groups(call), call.attributes.integer("num_filter")
    expect_shape(call, 1, "weight", (call.data.shape[1], filters // groups, *geometry["kernel"]))
    if len(call.inputs) > 2:
        expect_shape(call, 2, "bias", (filters,))
    pads, adjustments = _transposed_padding(call)
    sizes = [
        stride * (size - 1) + dilate * (kernel - 1) + 1 - 2 * pad + adjustment
        for size, kernel, stride, dilate, pad, adjustment in zip(
            call.data.shape[2:],
            geometry["kernel"],
            geometry["stride"],
            geometry["dilate"],
            pads,
            adjustments,
            strict=True,
        )
    ]
    return [(call.data.shape[0], filters, *sizes)]


@operator("Deconvolution", slots=_without_bias, shapes=_deconvolution_shape)
def deconvolution(call: Call) -> list[Value]:
    """`ConvTranspose`."""
    geometry = _geometry(call)
    pads, adjustments = _transposed_padding(call)
    if any(adjust >= stride for adjust, stride in zip(adjustments, geometry["stride"], strict=True)):
        raise call.unsupported(f"whose adj {adjustments} is not less than its stride {geometry['stride']}")
    return call.emit(
        "ConvTranspose",
        call.inputs,
        kernel_shape=geometry["kernel"],
        strides=geometry["stride"],
        dilations=geometry["dilate"],
        pads=pads * 2,
        output_padding=adjustments,
        group=_groups(call),
    )


def _dense_shape(call: Call) -> list[Shape]:
    hidden, flatten = call.attributes.integer("num_hidden"), call.attributes.flag("flatten", default=True)
    shape = call.data.shape
    if len(shape) < 2:
        raise call.wrong_shape(f"the data has the shape {shape}; at least two dimensions are expected")
    features = math.prod(shape[1:]) if flatten else shape[-1]
    expect_shape(call, 1, "weight", (hidden, features))
    if len(call.inputs) > 2:
        expect_shape(call, 2, "bias", (hidden,))
    return [(shape[0], hidden) if flatten else (*shape[:-1], hidden)]


@operator("FullyConnected", slots=_with_bias, shapes=_dense_shape)
def fully_connected(call: Call) -> list[Value]:
    """`Gemm` over flattened images; `MatMul` if only the last axis is transformed."""
    data, weight, *bias = call.inputs
    if call.attributes.flag("flatten", default=True):
        if data.rank > 2:
            data = call.builder.node("Flatten", [data], (data.shape[0], weight.shape[1]), axis=1)
        return call.emit("Gemm", [data, weight, *bias], transB=1)
    transposed = call.builder.constant(f"{weight.name}_transposed", np.ascontiguousarray(call.builder.array(weight).T))
    if not bias:
        return call.emit("MatMul", [data, transposed])
    product = call.builder.node("MatMul", [data, transposed], call.shape)
    return call.emit("Add", [product, bias[0]])
