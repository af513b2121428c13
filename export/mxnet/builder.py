"""An ONNX graph under construction: nodes, constants and the tensors between them, each with its shape."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper

from export.mxnet.arrays import Array
from export.mxnet.errors import ParametersError

Shape = tuple[int, ...]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Value:
    """A tensor of the ONNX graph; `shape` is its shape when the batch has the size that shapes were inferred with."""

    name: str
    shape: Shape

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


class Builder:
    """Collects the nodes and the constants that they use."""

    def __init__(self, parameters: Mapping[str, Array], opset: int, *, any_size: bool = False) -> None:
        """Start an empty graph.

        Args:
            parameters: The checkpoint's arrays by name; those that nodes ask for become constants.
            opset: Version of ONNX's operators to write.
            any_size: Whether the height and width of images are free, as the batch always is.
        """
        self.opset = opset
        self.any_size = any_size
        self.nodes: list[onnx.NodeProto] = []
        self.parameters = parameters
        self.constants: dict[str, Array] = {}
        self._taken: set[str] = set(parameters)

    def reserve(self, name: str) -> None:
        """Keep a name for an input, so that no tensor gets it."""
        self._taken.add(name)

    def fresh(self, wanted: str) -> str:
        """A tensor name like the wanted one that nothing has yet."""
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name

    def node(
        self, op_type: str, inputs: Sequence[Value | None], shape: Shape, *, name: str = "", **attributes: object
    ) -> Value:
        """Add a node with one output of that shape; attributes that are None are left out."""
        return self.split(op_type, inputs, [shape], name=name, **attributes)[0]

    def split(
        self,
        op_type: str,
        inputs: Sequence[Value | None],
        shapes: Sequence[Shape],
        *,
        name: str = "",
        **attributes: object,
    ) -> list[Value]:
        """Add a node with an output for each of the shapes."""
        base = f"{name or op_type.lower()}_output"
        outputs = [self.fresh(base if len(shapes) == 1 else f"{base}{index}") for index in range(len(shapes))]
        for value in inputs:
            if value is not None and value.name in self.parameters:
                self._use(value.name)
        given = {key: value for key, value in attributes.items() if value is not None}
        names = ["" if value is None else value.name for value in inputs]
        while names and not names[-1]:
            names.pop()
        node = helper.make_node(op_type, names, outputs, name=outputs[0])
        node.attribute.extend(helper.make_attribute(key, value) for key, value in sorted(given.items()))
        self.nodes.append(node)
        return [Value(output, shape) for output, shape in zip(outputs, shapes, strict=True)]

    def constant(self, wanted: str, array: npt.NDArray[Any]) -> Value:
        """A new constant with a name like the wanted one."""
        name = self.fresh(wanted)
        self.constants[name] = array
        return Value(name, array.shape)

    def integers(self, wanted: str, *values: int) -> Value:
        """A constant vector of int64."""
        return self.constant(wanted, np.array(values, np.int64))

    def sizes(self, value: Value, first: int, last: int) -> Value:
        """The sizes of some neighbouring axes of a tensor, as a vector that is read when the graph runs."""
        everything = self._int64("Shape", [value], value.rank)
        bounds = [self.integers("from", first), self.integers("to", last)]
        return self._int64("Slice", [everything, *bounds], last - first)

    def _int64(self, op_type: str, inputs: Sequence[Value], length: int) -> Value:
        return self.node(op_type, inputs, (length,), name=f"{inputs[0].name}_{op_type.lower()}")

    def scalar(self, wanted: str, value: float) -> Value:
        """A constant float32 without dimensions."""
        return self.constant(wanted, np.array(value, np.float32))

    def array(self, value: Value) -> Floats:
        """A parameter's elements as float32.

        Raises:
            ParametersError: If the tensor is no parameter, but computed.
        """
        if value.name not in self.parameters:
            raise ParametersError(
                f"'{value.name}' is computed by the network, where a parameter of the file is expected"
            )
        return np.asarray(self.parameters[value.name], np.float32)

    def _use(self, name: str) -> None:
        if name not in self.constants:  # no copy is made of what is float32 already
            self.constants[name] = np.asarray(self.parameters[name], np.dtype("<f4"))
