"""Elementwise arithmetic: on one tensor, on a tensor and a number, on two tensors."""

from __future__ import annotations

from collections.abc import Callable

from export.mxnet.builder import Value
from export.mxnet.operators.geometry import all_equal, broadcast
from export.mxnet.operators.registry import Call, any_number, operator, same_shape

UNARY = {
    "relu": "Relu",
    "sigmoid": "Sigmoid",
    "softsign": "Softsign",
    "tanh": "Tanh",
    "exp": "Exp",
    "log": "Log",
    "sqrt": "Sqrt",
    "abs": "Abs",
    "negative": "Neg",
    "reciprocal": "Reciprocal",
    "floor": "Floor",
    "ceil": "Ceil",
    "erf": "Erf",
    "sin": "Sin",
    "cos": "Cos",
}
"""Operators of one tensor, and their ONNX equivalents."""
EQUAL = {
    "Add": ("elemwise_add", "_plus", "_Plus", "_add", "_grad_add"),
    "Sub": ("elemwise_sub", "_minus", "_Minus", "_sub"),
    "Mul": ("elemwise_mul", "_mul", "_Mul"),
    "Div": ("elemwise_div", "_div", "_Div"),
    "Max": ("_maximum", "_Maximum"),
    "Min": ("_minimum", "_Minimum"),
    "Pow": ("_power", "_Power"),
}
"""ONNX's operators of two tensors of one shape, and MXNet's names for each."""
BROADCAST = {
    "Add": ("broadcast_add", "broadcast_plus"),
    "Sub": ("broadcast_sub", "broadcast_minus"),
    "Mul": ("broadcast_mul",),
    "Div": ("broadcast_div",),
    "Max": ("broadcast_maximum",),
    "Min": ("broadcast_minimum",),
    "Pow": ("broadcast_power",),
}
"""The same with broadcasting."""
SCALAR = {
    "Add": ("_plus_scalar", "_PlusScalar"),
    "Sub": ("_minus_scalar", "_MinusScalar"),
    "Mul": ("_mul_scalar", "_MulScalar"),
    "Div": ("_div_scalar", "_DivScalar"),
    "Max": ("_maximum_scalar", "_MaximumScalar"),
    "Min": ("_minimum_scalar", "_MinimumScalar"),
    "Pow": ("_power_scalar", "_PowerScalar"),
}
"""The same on a tensor and a number."""
REVERSED = {
    "Sub": ("_rminus_scalar", "_RMinusScalar"),
    "Div": ("_rdiv_scalar", "_RDivScalar"),
    "Pow": ("_rpower_scalar", "_RPowerScalar"),
}
"""The same on a number and a tensor."""


def _plain(op_type: str) -> Callable[[Call], list[Value]]:
    return lambda call: call.emit(op_type, call.inputs)


def _with_number(op_type: str, *, first: bool) -> Callable[[Call], list[Value]]:
    def emit(call: Call) -> list[Value]:
        number = call.builder.scalar(f"{call.node.name}_scalar", call.attributes.real("scalar"))
        return call.emit(op_type, [number, call.data] if first else [call.data, number])

    return emit


for _name, _op_type in UNARY.items():
    operator(_name, slots=["data"], shapes=same_shape)(_plain(_op_type))
for _op_type, _names in EQUAL.items():
    operator(*_names, slots=["lhs", "rhs"], shapes=all_equal)(_plain(_op_type))
for _op_type, _names in BROADCAST.items():
    operator(*_names, slots=["lhs", "rhs"], shapes=broadcast)(_plain(_op_type))
for _op_type, _names in SCALAR.items():
    operator(*_names, slots=["data"], shapes=same_shape)(_with_number(_op_type, first=False))
for _op_type, _names in REVERSED.items():
    operator(*_names, slots=["data"], shapes=same_shape)(_with_number(_op_type, first=True))
operator("add_n", "ElementWiseSum", slots=any_number, shapes=all_equal)(_plain("Sum"))


@operator("square", slots=["data"], shapes=same_shape)
def square(call: Call) -> list[Value]:
    """The data times itself."""
    return call.emit("Mul", [call.data, call.data])


@operator("rsqrt", slots=["data"], shapes=same_shape)
def reciprocal_root(call: Call) -> list[Value]:
    """The reciprocal of the square root."""
    return call.emit("Reciprocal", [call.builder.node("Sqrt", [call.data], call.shape)])
