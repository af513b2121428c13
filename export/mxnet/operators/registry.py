"""The registry: what the converter knows of each MXNet operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from export.mxnet.attributes import Attributes
from export.mxnet.builder import Builder, Shape, Value
from export.mxnet.errors import ShapeError, UnknownOperatorError
from export.mxnet.graph import Node

DATA, PARAMETER, LABEL = "data", "parameter", "label"


@dataclass(frozen=True)
class Slot:
    """One input of an operator."""

    name: str
    kind: str = DATA
    """`data` is computed or given at run time, `parameter` must be in the file, `label` is used in training only."""


@dataclass(frozen=True)
class Call:
    """One node of the graph while its shapes are inferred, or while it is converted."""

    node: Node
    inputs: Sequence[Value]
    builder: Builder
    output_shapes: Sequence[Shape] = ()
    """Set once they are inferred."""
    attributes: Attributes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", Attributes(self.node))

    @property
    def data(self) -> Value:
        """The first input."""
        return self.inputs[0]

    @property
    def shapes(self) -> list[Shape]:
        """Shapes of the inputs."""
        return [value.shape for value in self.inputs]

    @property
    def shape(self) -> Shape:
        """Shape of the first output."""
        return self.output_shapes[0]

    def emit(self, op_type: str, inputs: Sequence[Value | None], **attributes: object) -> list[Value]:
        """Add an ONNX node that computes this node's first output."""
        return [self.builder.node(op_type, inputs, self.shape, name=self.node.name, **attributes)]

    def wrong_shape(self, problem: str) -> ShapeError:
        """An error about this node's tensors."""
        return ShapeError(f"{self.node.op}: {problem}", node=self.node.name)

    def unsupported(self, what: str) -> UnknownOperatorError:
        """An error about a use of this operator that has no conversion."""
        return UnknownOperatorError(f"{self.node.op} {what} cannot be converted", node=self.node.name)

    def axis(self, name: str, rank: int, default: int | None = None) -> int:
        """An attribute that names an axis of a tensor of that rank, counted from the front."""
        value = self.attributes.integer(name, default)
        if not -rank <= value < rank:
            raise self.wrong_shape(f"'{name}' is {value}, for a tensor of {rank} dimensions")
        return value % rank


InferShapes = Callable[[Call], list[Shape]]
Emit = Callable[[Call], list[Value]]
ListSlots = Callable[[Attributes], list[Slot] | None]


@dataclass(frozen=True)
class Operator:
    """One operator: its inputs, the shapes of its outputs, and its ONNX nodes."""

    slots: ListSlots
    """From the attributes to the inputs; None for any number of data inputs."""
    shapes: InferShapes
    """From the inputs' shapes to the outputs'; raises `ShapeError`."""
    emit: Emit
    """Add the ONNX nodes; returns the outputs."""


OPERATORS: dict[str, Operator] = {}
"""Every operator that can be converted, by each of its names."""


def operator(*names: str, slots: ListSlots | Sequence[Slot | str], shapes: InferShapes) -> Callable[[Emit], Emit]:
    """Register the function below as the conversion of the operators of these names."""
    listed = slots if callable(slots) else _fixed([Slot(slot) if isinstance(slot, str) else slot for slot in slots])

    def register(emit: Emit) -> Emit:
        for name in names:
            if name in OPERATORS:
                raise ValueError(f"operator {name} is registered twice")
            OPERATORS[name] = Operator(listed, shapes, emit)
        return emit

    return register


def _fixed(slots: list[Slot]) -> ListSlots:
    return lambda _: slots


def any_number(_: Attributes) -> None:
    """Slots of an operator that takes any number of data inputs."""


def same_shape(call: Call) -> list[Shape]:
    """The output's shape is the input's."""
    return [call.data.shape]
