"""Activations and output layers."""

from __future__ import annotations

from export.mxnet.attributes import Attributes
from export.mxnet.builder import Shape, Value
from export.mxnet.operators.registry import LABEL, PARAMETER, Call, Slot, operator, same_shape

ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "softrelu": "Softplus", "softsign": "Softsign"}
LEAKY = ("leaky", "elu", "prelu", "selu", "gelu", "rrelu")


@operator("Activation", slots=["data"], shapes=same_shape)
def activation(call: Call) -> list[Value]:
    """The ONNX operator of that name."""
    return call.emit(ACTIVATIONS[call.attributes.choice("act_type", ACTIVATIONS)], [call.data])


def _leaky_slots(attributes: Attributes) -> list[Slot]:
    learned = attributes.choice("act_type", LEAKY, "leaky") == "prelu"
    return [Slot("data"), Slot("gamma", PARAMETER)] if learned else [Slot("data")]


def _leaky_shape(call: Call) -> list[Shape]:
    if len(call.inputs) > 1:
        channels = call.data.shape[1] if call.data.rank > 1 else 1
        if call.inputs[1].shape not in {(1,), (channels,)}:
            raise call.wrong_shape(f"its slopes have the shape {call.inputs[1].shape}; ({channels},) is expected")
    return [call.data.shape]


@operator("LeakyReLU", slots=_leaky_slots, shapes=_leaky_shape)
def leaky_relu(call: Call) -> list[Value]:
    """`LeakyRelu`, `Elu`, `PRelu`, `Selu`, or the Gaussian error unit; random slopes take their mean."""
    attributes, builder = call.attributes, call.builder
    match attributes.choice("act_type", LEAKY, "leaky"):
        case "leaky":
            return call.emit("LeakyRelu", [call.data], alpha=attributes.real("slope", 0.25))
        case "elu":
            return call.emit("Elu", [call.data], alpha=attributes.real("slope", 0.25))
        case "selu":
            return call.emit("Selu", [call.data])
        case "rrelu":
            bounds = attributes.real("lower_bound", 0.125), attributes.real("upper_bound", 0.334)
            return call.emit("LeakyRelu", [call.data], alpha=sum(bounds) / 2)
        case "prelu":
            slopes = builder.array(call.inputs[1])
            slopes = slopes.reshape([-1] + [1] * max(0, call.data.rank - 2))
            return call.emit("PRelu", [call.data, builder.constant(f"{call.node.name}_slopes", slopes)])
        case _:
            return _gelu(call)


def _gelu(call: Call) -> list[Value]:
    """`x / 2 * (1 + erf(x / sqrt 2))`."""
    builder, shape = call.builder, call.shape
    name = call.node.name
    scaled = builder.node("Mul", [call.data, builder.scalar(f"{name}_root", 0.5**0.5)], shape)
    raised = builder.node("Add", [builder.node("Erf", [scaled], shape), builder.scalar(f"{name}_one", 1.0)], shape)
    half = builder.node("Mul", [call.data, builder.scalar(f"{name}_half", 0.5)], shape)
    return call.emit("Mul", [half, raised])


@operator("clip", slots=["data"], shapes=same_shape)
def clip(call: Call) -> list[Value]:
    """`Clip`."""
    bounds = [
        call.builder.scalar(f"{call.node.name}_{which}", call.attributes.real(f"a_{which}")) for which in ("min", "max")
    ]
    return call.emit("Clip", [call.data, *bounds])


@operator("softmax", "log_softmax", slots=["data"], shapes=same_shape)
def softmax(call: Call) -> list[Value]:
    """`Softmax` or `LogSoftmax` along an axis, of the data over the temperature."""
    data, attributes = call.data, call.attributes
    if attributes.flag("use_length", default=False):
        raise call.unsupported("with lengths")
    if attributes.has("temperature") and attributes.real("temperature") != 1:
        temperature = call.builder.scalar(f"{call.node.name}_temperature", attributes.real("temperature"))
        data = call.builder.node("Div", [data, temperature], data.shape)
    op_type = "Softmax" if call.node.op == "softmax" else "LogSoftmax"
    return call.emit(op_type, [data], axis=call.axis("axis", data.rank, -1))


@operator("SoftmaxActivation", slots=["data"], shapes=same_shape)
def softmax_activation(call: Call) -> list[Value]:
    """`Softmax` over all values of an image, or over the channels at each position."""
    if call.attributes.choice("mode", ("instance", "channel"), "instance") == "channel":
        return call.emit("Softmax", [call.data], axis=_second(call))
    return _flat_softmax(call)


@operator("SoftmaxOutput", "Softmax", slots=["data", Slot("label", LABEL)], shapes=same_shape)
def softmax_output(call: Call) -> list[Value]:
    """The softmax inside the training loss; the label is ignored."""
    if call.attributes.flag("preserve_shape", default=False):
        return call.emit("Softmax", [call.data], axis=call.data.rank - 1)
    if call.attributes.flag("multi_output", default=False):
        return call.emit("Softmax", [call.data], axis=_second(call))
    return _flat_softmax(call)


def _second(call: Call) -> int:
    if call.data.rank < 2:
        raise call.wrong_shape(f"the data has the shape {call.data.shape}; channels are expected")
    return 1


def _flat_softmax(call: Call) -> list[Value]:
    data, builder = call.data, call.builder
    if data.rank == 2:
        return call.emit("Softmax", [data], axis=1)
    if data.rank < 2:
        raise call.wrong_shape(f"the data has the shape {data.shape}; at least two dimensions are expected")
    flat = (data.shape[0], data.size // data.shape[0])
    answer = builder.node("Softmax", [builder.node("Flatten", [data], flat, axis=1)], flat, axis=1)
    shape = builder.integers(f"{call.node.name}_shape", 0, *data.shape[1:])
    return call.emit("Reshape", [answer, shape])


@operator("LogisticRegressionOutput", slots=["data", Slot("label", LABEL)], shapes=same_shape)
def logistic_output(call: Call) -> list[Value]:
    """`Sigmoid`; the label is ignored."""
    return call.emit("Sigmoid", [call.data])


@operator("LinearRegressionOutput", "MAERegressionOutput", slots=["data", Slot("label", LABEL)], shapes=same_shape)
def linear_output(call: Call) -> list[Value]:
    """The data itself; the label is ignored."""
    return [call.data]


@operator(
    "identity", "_copy", "BlockGrad", "stop_gradient", "make_loss", "MakeLoss", "Dropout", slots=["data"],
    shapes=same_shape,
)  # fmt: skip
def unchanged(call: Call) -> list[Value]:
    """The data itself: these operators act only in training."""
    if call.node.op == "Dropout" and call.attributes.choice("mode", ("training", "always"), "training") == "always":
        raise call.unsupported("that also drops at inference (mode 'always')")
    return [call.data]


@operator("Cast", "cast", "amp_cast", slots=["data"], shapes=same_shape)
def cast(call: Call) -> list[Value]:
    """The data itself, for casts between float types: everything is computed in float32 here."""
    call.attributes.choice("dtype", ("float16", "float32", "float64", "bfloat16"))
    return [call.data]
