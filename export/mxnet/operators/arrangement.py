"""Operators that only move elements: reshape, transpose, concatenate, slice, pad, enlarge."""

from __future__ import annotations

import math

import numpy as np

from export.mxnet.attributes import LARGEST
from export.mxnet.builder import Shape, Value
from export.mxnet.operators.geometry import normal_axes
from export.mxnet.operators.registry import Call, any_number, operator


def _flat_shape(call: Call) -> list[Shape]:
    if call.data.rank < 1:
        raise call.wrong_shape("the data has no dimensions")
    return [(call.data.shape[0], call.data.size // call.data.shape[0])]


@operator("Flatten", "flatten", slots=["data"], shapes=_flat_shape)
def flatten(call: Call) -> list[Value]:
    """`Flatten`."""
    return call.emit("Flatten", [call.data], axis=1)


def _codes(call: Call) -> tuple[int, ...]:
    codes = call.attributes.integers("shape")
    if not codes:
        raise call.unsupported("with the deprecated target_shape, or with no shape,")
    if call.attributes.flag("reverse", default=False):
        raise call.unsupported("counted from the right (reverse)")
    if min(codes) < -1:
        raise call.unsupported(f"to the shape {codes}: the codes -2, -3 and -4")
    return codes


def _reshaped(call: Call) -> list[Shape]:
    codes, shape = _codes(call), call.data.shape
    if codes.count(-1) > 1 or any(code == 0 and axis >= len(shape) for axis, code in enumerate(codes)):
        raise call.wrong_shape(f"{shape} cannot become {codes}")
    sizes = [shape[axis] if code == 0 else code for axis, code in enumerate(codes)]
    known = math.prod(size for size in sizes if size != -1)
    if -1 in sizes:
        sizes[sizes.index(-1)] = call.data.size // known
    if math.prod(sizes) != call.data.size:
        raise call.wrong_shape(f"{shape} cannot become {codes}")
    return [tuple(sizes)]


@operator("Reshape", "reshape", slots=["data"], shapes=_reshaped)
def reshape(call: Call) -> list[Value]:
    """`Reshape`, with MXNet's meaning of 0 and -1; the batch size stays free."""
    sizes = list(_codes(call))  # ONNX's 0 and -1 mean the same
    if call.data.rank and call.shape[0] == call.data.shape[0]:
        sizes[0] = 0
    return call.emit("Reshape", [call.data, call.builder.integers(f"{call.node.name}_shape", *sizes)])


def _permutation(call: Call) -> list[int]:
    axes = list(call.attributes.integers("axes")) or list(reversed(range(call.data.rank)))
    if len(axes) != call.data.rank:
        raise call.wrong_shape(f"'axes' is {tuple(axes)}, for a tensor of {call.data.rank} dimensions")
    normal_axes(call, axes, call.data.rank)
    return [axis % call.data.rank for axis in axes]


def _transposed(call: Call) -> list[Shape]:
    return [tuple(call.data.shape[axis] for axis in _permutation(call))]


@operator("transpose", slots=["data"], shapes=_transposed)
def transpose(call: Call) -> list[Value]:
    """`Transpose`."""
    return call.emit("Transpose", [call.data], perm=_permutation(call))


def _swap(call: Call) -> list[int]:
    order = list(range(call.data.rank))
    first, second = (call.axis(name, call.data.rank, 0) for name in ("dim1", "dim2"))
    order[first], order[second] = order[second], order[first]
    return order


@operator(
    "SwapAxis", "swapaxes", slots=["data"], shapes=lambda call: [tuple(call.data.shape[axis] for axis in _swap(call))]
)
def swap_axes(call: Call) -> list[Value]:
    """`Transpose` of two axes."""
    return call.emit("Transpose", [call.data], perm=_swap(call))


def _expanded(call: Call) -> list[Shape]:
    axis = call.axis("axis", call.data.rank + 1)
    return [(*call.data.shape[:axis], 1, *call.data.shape[axis:])]


@operator("expand_dims", slots=["data"], shapes=_expanded)
def expand_dims(call: Call) -> list[Value]:
    """`Unsqueeze`."""
    axis = call.axis("axis", call.data.rank + 1)
    return call.emit("Unsqueeze", [call.data, call.builder.integers(f"{call.node.name}_axes", axis)])


def _ones(call: Call) -> list[int]:
    named = normal_axes(call, call.attributes.integers("axis"), call.data.rank)
    if any(call.data.shape[axis] != 1 for axis in named):
        raise call.wrong_shape(f"the axes {named} of {call.data.shape} are not all of size 1")
    if not named:  # the batch is free, so its size is no reason to drop it
        named = [axis for axis, size in enumerate(call.data.shape) if size == 1 and axis > 0]
    return named


def _squeezed(call: Call) -> list[Shape]:
    gone = _ones(call)
    return [tuple(size for axis, size in enumerate(call.data.shape) if axis not in gone) or (1,)]


@operator("squeeze", slots=["data"], shapes=_squeezed)
def squeeze(call: Call) -> list[Value]:
    """`Squeeze`."""
    gone = _ones(call)
    if not gone:
        return [call.data]
    return call.emit("Squeeze", [call.data, call.builder.integers(f"{call.node.name}_axes", *gone)])


def _concat_axis(call: Call) -> int:
    return call.axis("dim", call.data.rank, 1)


def _joined(call: Call) -> list[Shape]:
    axis = _concat_axis(call)
    rests = {(*shape[:axis], *shape[axis + 1 :]) for shape in call.shapes}
    if len(rests) != 1 or any(len(shape) != call.data.rank for shape in call.shapes):
        raise call.wrong_shape(f"the shapes {', '.join(map(str, call.shapes))} differ elsewhere than on axis {axis}")
    shape = call.data.shape
    return [(*shape[:axis], sum(other[axis] for other in call.shapes), *shape[axis + 1 :])]


@operator("Concat", "concat", slots=any_number, shapes=_joined)
def concat(call: Call) -> list[Value]:
    """`Concat`."""
    return call.emit("Concat", call.inputs, axis=_concat_axis(call))


def _parts(call: Call) -> tuple[int, int, int, bool]:
    """Axis, number of parts, size of each, and whether the axis is removed."""
    axis, count = call.axis("axis", call.data.rank, 1), call.attributes.integer("num_outputs")
    size, squeezes = call.data.shape[axis], call.attributes.flag("squeeze_axis", default=False)
    if count < 1 or size % count or (squeezes and size != count):
        raise call.wrong_shape(f"axis {axis} of {call.data.shape} cannot be split into {count} parts")
    return axis, count, size // count, squeezes


def _split_shapes(call: Call) -> list[Shape]:
    axis, count, size, squeezes = _parts(call)
    shape = call.data.shape
    return [(*shape[:axis], *([] if squeezes else [size]), *shape[axis + 1 :])] * count


@operator("SliceChannel", "split", slots=["data"], shapes=_split_shapes)
def split(call: Call) -> list[Value]:
    """`Split`, then `Squeeze` of each part if the axis is removed."""
    axis, count, size, squeezes = _parts(call)
    builder, name, shape = call.builder, call.node.name, call.data.shape
    part = (*shape[:axis], size, *shape[axis + 1 :])
    sizes = builder.integers(f"{name}_sizes", *[size] * count)
    parts = builder.split("Split", [call.data, sizes], [part] * count, name=name, axis=axis)
    if not squeezes:
        return parts
    gone = builder.integers(f"{name}_axis", axis)
    return [builder.node("Squeeze", [value, gone], call.shape) for value in parts]


def _cuts(call: Call) -> list[tuple[int, int, int, int]]:
    """`(axis, begin, end, step)` for every sliced axis."""
    if call.node.op == "slice_axis":
        axis = call.axis("axis", call.data.rank)
        ends = call.attributes.optional_integers("end")
        begin: int | None = call.attributes.integer("begin")
        ranges = [(axis, begin, ends[0] if ends else None, 1)]
    else:
        begins, ends = (call.attributes.optional_integers(name, required=True) for name in ("begin", "end"))
        given = call.attributes.optional_integers("step") or (1,) * len(begins)
        steps = tuple(1 if step is None else step for step in given)
        if not len(begins) == len(ends) == len(steps) <= call.data.rank:
            raise call.wrong_shape(f"begin {begins}, end {ends} and step {steps} do not fit {call.data.shape}")
        ranges = [
            (axis, begin, end, step)
            for axis, (begin, end, step) in enumerate(zip(begins, ends, steps, strict=True))
            if (begin, end, step) != (None, None, 1)
        ]
    cuts = []
    for axis, begin, end, step in ranges:
        if step < 1 or axis == 0:
            raise call.unsupported("backwards (a negative step) or of the batch")
        cuts.append((axis, 0 if begin is None else begin, LARGEST if end is None else end, step))
    return cuts


def _cut_shape(call: Call) -> list[Shape]:
    shape = list(call.data.shape)
    for axis, first, last, step in _cuts(call):
        shape[axis] = len(range(*slice(first, last, step).indices(shape[axis])))
    return [tuple(shape)]


@operator("slice", "slice_axis", "crop", slots=["data"], shapes=_cut_shape)
def cut(call: Call) -> list[Value]:
    """`Slice`."""
    cuts = _cuts(call)
    if not cuts:
        return [call.data]
    axes, firsts, lasts, steps = zip(*cuts, strict=True)
    vectors = [
        call.builder.integers(f"{call.node.name}_{what}", *values)
        for what, values in (("starts", firsts), ("ends", lasts), ("axes", axes), ("steps", steps))
    ]
    return call.emit("Slice", [call.data, *vectors])


def _window(call: Call) -> tuple[int, int, int, int]:
    """Top, left, height and width of what is kept."""
    if any(value.rank != 4 for value in call.inputs) or len(call.inputs) not in {1, 2}:
        raise call.wrong_shape("one or two inputs of four dimensions are expected")
    height, width = call.inputs[1].shape[2:] if len(call.inputs) > 1 else call.attributes.sizes("h_w", 2, 0)
    top, left = call.attributes.sizes("offset", 2, 0)
    if call.attributes.flag("center_crop", default=False):
        top, left = ((size - wanted) // 2 for size, wanted in zip(call.data.shape[2:], (height, width), strict=True))
    if min(top, left) < 0 or top + height > call.data.shape[2] or left + width > call.data.shape[3]:
        raise call.wrong_shape(f"{height}x{width} at ({top}, {left}) does not lie in {call.data.shape}")
    return top, left, height, width


@operator("Crop", slots=any_number, shapes=lambda call: [(*call.data.shape[:2], *_window(call)[2:])])
def crop(call: Call) -> list[Value]:
    """`Slice` to a size, or to that of a second input."""
    builder, name = call.builder, call.node.name
    top, left, height, width = _window(call)
    axes = builder.integers(f"{name}_axes", 2, 3)
    centred = call.attributes.flag("center_crop", default=False)
    if builder.any_size and centred:
        raise call.unsupported("from the middle of an image of any size")
    starts = builder.integers(f"{name}_starts", top, left)
    if len(call.inputs) == 1 or not builder.any_size:
        ends = builder.integers(f"{name}_ends", top + height, left + width)
    else:
        ends = builder.node("Add", [builder.sizes(call.inputs[1], 2, 4), starts], (2,), name=f"{name}_ends")
    return call.emit("Slice", [call.data, starts, ends, axes])


def _alike(call: Call) -> list[int]:
    """The axes that are cut to the size that they have in the second input."""
    like = call.inputs[1].shape
    named = normal_axes(call, call.attributes.integers("axes"), min(call.data.rank, len(like)))
    axes = named or list(range(call.data.rank))
    if axes[-1] >= len(like) or any(like[axis] > call.data.shape[axis] for axis in axes):
        raise call.wrong_shape(f"{call.data.shape} cannot be cut to the size of {like}")
    if 0 in axes and like[0] != call.data.shape[0]:
        raise call.unsupported("of the batch")
    return [axis for axis in axes if axis > 0]


def _alike_shape(call: Call) -> list[Shape]:
    axes, like = _alike(call), call.inputs[1].shape
    return [tuple(like[axis] if axis in axes else size for axis, size in enumerate(call.data.shape))]


@operator("slice_like", slots=["data", "shape_like"], shapes=_alike_shape)
def cut_alike(call: Call) -> list[Value]:
    """`Slice` from the beginning of each axis."""
    axes, builder, name = _alike(call), call.builder, call.node.name
    if not axes:
        return [call.data]
    if builder.any_size:
        parts = [builder.sizes(call.inputs[1], axis, axis + 1) for axis in axes]
        ends = builder.node("Concat", parts, (len(axes),), name=f"{name}_ends", axis=0)
    else:
        ends = builder.integers(f"{name}_ends", *(call.shape[axis] for axis in axes))
    starts = builder.integers(f"{name}_starts", *[0] * len(axes))
    return call.emit("Slice", [call.data, starts, ends, builder.integers(f"{name}_axes", *axes)])


def _pads(call: Call) -> tuple[list[int], list[int]]:
    widths = call.attributes.sizes("pad_width", 2 * call.data.rank)
    if widths[0] or widths[1]:
        raise call.unsupported("of the batch")
    return list(widths[::2]), list(widths[1::2])


def _padded_shape(call: Call) -> list[Shape]:
    before, after = _pads(call)
    return [tuple(sum(sizes) for sizes in zip(before, call.data.shape, after, strict=True))]


@operator("Pad", "pad", slots=["data"], shapes=_padded_shape)
def pad(call: Call) -> list[Value]:
    """`Pad`, which takes its amounts in another order."""
    mode = call.attributes.choice("mode", ("constant", "edge", "reflect"))
    before, after = _pads(call)
    if mode == "reflect" and any(max(b, a) >= s for b, a, s in zip(before, after, call.data.shape, strict=True)):
        raise call.wrong_shape(f"{call.data.shape} cannot be reflected by {before} and {after}")
    inputs = [call.data, call.builder.integers(f"{call.node.name}_pads", *before, *after)]
    if mode == "constant":
        value = call.attributes.real("constant_value", 0.0)
        inputs.append(call.builder.scalar(f"{call.node.name}_value", value))
    return call.emit("Pad", inputs, mode=mode)


def _enlarged(call: Call) -> list[Shape]:
    if call.data.rank != 4 or call.attributes.integer("scale") < 1:
        raise call.wrong_shape(f"the data has the shape {call.data.shape}; four dimensions and a scale are expected")
    scale = call.attributes.integer("scale")
    return [(*call.data.shape[:2], *(size * scale for size in call.data.shape[2:]))]


@operator("UpSampling", slots=any_number, shapes=_enlarged)
def enlarge(call: Call) -> list[Value]:
    """`Resize` by repeating pixels."""
    if call.attributes.choice("sample_type", ("nearest", "bilinear")) == "bilinear" or len(call.inputs) != 1:
        raise call.unsupported("of several inputs, or by the type 'bilinear',")
    scales = np.array([1, 1, *[call.attributes.integer("scale")] * 2], np.float32)
    factors = call.builder.constant(f"{call.node.name}_scales", scales)
    return call.emit(
        "Resize",
        [call.data, None, factors],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


_EVEN_OR_ODD = {
    "to_even_down": lambda size: size - size % 2,
    "to_even_up": lambda size: size + size % 2,
    "to_odd_down": lambda size: size - (size + 1) % 2,
    "to_odd_up": lambda size: size + (size + 1) % 2,
}


def _resized(call: Call) -> list[Shape]:
    attributes = call.attributes
    if any(value.rank != 4 for value in call.inputs) or len(call.inputs) not in {1, 2}:
        raise call.wrong_shape("one or two inputs of four dimensions are expected")
    mode = attributes.choice("mode", ("size", "odd_scale", "like", *_EVEN_OR_ODD), "size")
    before = call.data.shape[2:]
    if mode == "like":
        if len(call.inputs) == 1:
            raise call.wrong_shape("the mode 'like' takes a second input")
        after = call.inputs[1].shape[2:]
    elif mode in _EVEN_OR_ODD:
        after = tuple(map(_EVEN_OR_ODD[mode], before))
    elif mode == "odd_scale" or attributes.has("scale_height"):
        scales = [np.float32(attributes.real(f"scale_{side}")) for side in ("height", "width")]
        odd = [size % 2 if mode == "odd_scale" else 0 for size in before]
        after = tuple(int((size - one) * scale) + one for size, scale, one in zip(before, scales, odd, strict=True))
    else:
        after = tuple(attributes.integer(side, 1) for side in ("height", "width"))
    return [(*call.data.shape[:2], *after)]


@operator("_contrib_BilinearResize2D", slots=any_number, shapes=_resized)
def resize(call: Call) -> list[Value]:
    """`Resize`, to sizes that hold for any batch."""
    builder, name = call.builder, call.node.name
    mode = call.attributes.choice("mode", ("size", "odd_scale", "like", *_EVEN_OR_ODD), "size")
    if builder.any_size and mode == "like":
        wanted = builder.sizes(call.inputs[1], 2, 4)
    else:
        wanted = builder.integers(f"{name}_wanted", *call.shape[2:])
    sizes = builder.node("Concat", [builder.sizes(call.data, 0, 2), wanted], (4,), name=f"{name}_sizes", axis=0)
    aligned = call.attributes.flag("align_corners", default=True)
    return call.emit(
        "Resize",
        [call.data, None, None, sizes],
        mode="linear",
        coordinate_transformation_mode="align_corners" if aligned else "half_pixel",
    )
