"""A checkpoint to an ONNX model: same answers, any batch size, nothing written for what is not understood."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from export.mxnet.arrays import Array
from export.mxnet.attributes import Attributes
from export.mxnet.builder import Builder, Shape, Value
from export.mxnet.checkpoint import Parameters
from export.mxnet.errors import MxnetError, ParametersError, ShapeError, SymbolError, UnknownOperatorError
from export.mxnet.graph import VARIABLE, Entry, Graph, Node
from export.mxnet.operators import OPERATORS, Call, Slot
from export.mxnet.operators.registry import DATA, LABEL, PARAMETER
from export.mxnet.serialise import chunks
from export.mxnet.shapes import infer_shapes, shape_of

OPSETS = range(13, 24)
"""Versions of ONNX's operators that can be written."""
DEFAULT_OPSET = 17
DEFAULT_SIZE = 224
"""Height and width of a network's input when nothing says otherwise: what ImageNet networks take."""
BATCH = "batch"
FREE = ("height", "width")
"""Names of the sizes that a model leaves free."""
PRODUCER = "backdoors convert-mxnet"


@dataclass(frozen=True)
class Converted:
    """An ONNX model, and what was found out on the way."""

    skeleton: onnx.ModelProto
    """The model without its constants."""
    constants: dict[str, Array]
    """Its constants by name: views of the checkpoint's content where they could be."""
    inputs: dict[str, Shape]
    """The network's inputs and the shapes it was converted for; the first size, the batch, is free in the model."""
    parameters: int
    """Elements of all the arrays that the network uses."""
    operators: int
    """Operators of the MXNet graph."""

    @property
    def model(self) -> onnx.ModelProto:
        """The whole model, in memory."""
        model = onnx.ModelProto()
        model.ParseFromString(b"".join(chunks(self.skeleton, self.constants)))
        return model


def convert(
    graph: Graph,
    parameters: Parameters,
    inputs: Mapping[str, Shape] | None = None,
    opset: int = DEFAULT_OPSET,
    *,
    any_size: bool = False,
) -> Converted:
    """Convert a network.

    Args:
        graph: Its symbol.
        parameters: Its arrays.
        inputs: Shapes of its inputs, batch first. An input that is not named here takes the shape its symbol gives,
            or else one image of `DEFAULT_SIZE`, with the channels of the first convolution.
        opset: Version of ONNX's operators to write.
        any_size: Whether to leave the height and width of images free. `check_sizes` tells whether that is possible.

    Raises:
        UnknownOperatorError: For operators, or uses of them, that have no conversion; names every such node.
        ParametersError: If the symbol and the file do not belong together, or a weight is no finite number.
        ShapeError: If the tensors do not fit each other, or the inputs' shapes are wrong or missing.
        SymbolError: If the symbol is damaged elsewhere.
    """
    if opset not in OPSETS:
        raise MxnetError(f"opset {opset} cannot be written; {OPSETS[0]} to {OPSETS[-1]} can")
    refuse_unknown(graph)
    graph = complete(graph)
    arrays = parameters.by_name
    roles = _roles(graph)
    shapes = _input_shapes(graph, parameters, roles, inputs or {})
    known = {name: tuple(array.shape) for name, array in arrays.items()} | shapes
    builder = Builder(arrays, opset, any_size=any_size)
    for name in shapes:
        builder.reserve(name)
    try:
        heads = _emit(graph, builder, infer_shapes(graph, known), shapes)
    except ShapeError as error:
        raise _with_assumptions(error, {name: shapes[name] for name in shapes if name not in (inputs or {})}) from error
    other = _shapes_of_larger(graph, known, shapes) if any_size else {}
    _refuse_damage(builder.constants, parameters)
    free = [_free(head, other.get(entry)) for head, entry in zip(heads, graph.heads, strict=True)]
    model = _model(builder, shapes, heads, free)
    used = sum(arrays[name].size for name in arrays if name in roles)
    return Converted(model, builder.constants, shapes, used, len(graph.operators))


def refuse_unknown(graph: Graph) -> None:
    """Raise `UnknownOperatorError` if there are operators without a conversion: with each one's name and first node."""
    unknown: dict[str, str] = {}
    for node in graph.operators:
        if node.op not in OPERATORS:
            unknown.setdefault(node.op, node.name)
    if unknown:
        listed = ", ".join(f"{op} (node '{name}')" for op, name in list(unknown.items())[:5])
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise UnknownOperatorError(f"no conversion is known for {listed}{more}", file=graph.file)


def complete(graph: Graph) -> Graph:
    """The graph as inference needs it.

    The variables are added that symbols before MXNet 0.9 leave unsaid, such as running means; labels, which only
    training uses, go, and with them all that leads to no head.

    Raises:
        SymbolError: If an operator has more inputs than it can take, or lacks its data.
    """
    nodes = list(graph.nodes)
    for index, node in enumerate(graph.nodes):
        if node.is_variable:
            continue
        slots = _slots(node)
        if slots is None:
            if not node.inputs:
                raise SymbolError(f"{node.op} has no inputs", file=graph.file, node=node.name)
            continue
        missing = slots[len(node.inputs) :]
        if len(node.inputs) > len(slots) or any(slot.kind == DATA for slot in missing):
            names = ", ".join(slot.name for slot in slots)
            problem = f"{node.op} has {len(node.inputs)} inputs; it takes {len(slots)}: {names}"
            raise SymbolError(problem, file=graph.file, node=node.name)
        entries = list(node.inputs)
        for slot in missing:
            entries.append(Entry(len(nodes)))
            nodes.append(Node(VARIABLE, f"{node.name}_{slot.name}"))
        kept = tuple(entry for entry, slot in zip(entries, slots, strict=True) if slot.kind != LABEL)
        nodes[index] = Node(node.op, node.name, kept, node.attributes)
    return _reachable(nodes, graph)


def _reachable(nodes: list[Node], graph: Graph) -> Graph:
    """Only what leads to the heads; variables first, so that nodes still come after their inputs."""
    needed: set[int] = set()
    waiting = [head.node for head in graph.heads]
    while waiting:
        if (index := waiting.pop()) not in needed:
            needed.add(index)
            waiting.extend(entry.node for entry in nodes[index].inputs)
    order = sorted(needed, key=lambda index: (not nodes[index].is_variable, index))
    places = {index: place for place, index in enumerate(order)}

    def moved(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        return tuple(Entry(places[entry.node], entry.output) for entry in entries)

    kept = [nodes[index] for index in order]
    renumbered = tuple(Node(node.op, node.name, moved(node.inputs), node.attributes) for node in kept)
    return Graph(renumbered, moved(graph.heads), graph.file)


def _slots(node: Node) -> list[Slot] | None:
    return OPERATORS[node.op].slots(Attributes(node))


def _roles(graph: Graph) -> dict[str, str]:
    """What each variable is used as; as a parameter, wherever it is one to any node."""
    roles = {graph.nodes[head.node].name: DATA for head in graph.heads if graph.nodes[head.node].is_variable}
    for node in graph.operators:
        slots = _slots(node)
        for position, entry in enumerate(node.inputs):
            if (variable := graph.nodes[entry.node]).is_variable:
                kind = DATA if slots is None else slots[position].kind
                if kind == PARAMETER or variable.name not in roles:
                    roles[variable.name] = kind
    return roles


def _input_shapes(
    graph: Graph, parameters: Parameters, roles: Mapping[str, str], given: Mapping[str, Shape]
) -> dict[str, Shape]:
    """Shapes of the network's inputs, after a check that the file holds its parameters and no others."""
    arrays = parameters.by_name
    missing = [name for name, kind in roles.items() if kind == PARAMETER and name not in arrays]
    extra = [name for name in arrays if name not in roles]
    if missing or extra:
        raise ParametersError(f"{parameters.file}: {_mismatch(missing, extra)}")
    free = [name for name, kind in roles.items() if kind == DATA and name not in arrays]
    if not free:
        raise ParametersError(f"{graph.file}: the network has no input: every variable is a parameter of the file")
    if wrong := [name for name in given if name not in free]:
        raise ShapeError(f"the network has no input '{wrong[0]}'; its inputs are {', '.join(free)}", file=graph.file)
    return {name: given[name] if name in given else _default_shape(graph, parameters, name) for name in free}


def _refuse_damage(constants: Mapping[str, Array], parameters: Parameters) -> None:
    for name in parameters.by_name:
        if name in constants and not np.isfinite(constants[name]).all():
            raise ParametersError(f"{parameters.file}: the array '{name}' holds values that are not finite numbers")


def _mismatch(missing: list[str], extra: list[str]) -> str:
    """In words, which arrays the file lacks and which the symbol does not know."""
    parts = []
    if missing:
        near = difflib.get_close_matches(missing[0], extra, n=1)
        hint = f" (the file has '{near[0]}')" if near else ""
        parts.append(f"{len(missing)} of the symbol's parameters are missing, the first '{missing[0]}'{hint}")
    if extra:
        parts.append(f"{len(extra)} arrays are unknown to the symbol, the first '{extra[0]}'")
    if missing and any("." in name for name in extra):
        parts.append("names with dots are those of gluon's save_parameters; its export() writes both files")
    return "; ".join(parts)


def _default_shape(graph: Graph, parameters: Parameters, name: str) -> Shape:
    """The shape that the symbol gives an input, or that the first layer asks for."""
    index, node = next((i, node) for i, node in enumerate(graph.nodes) if node.is_variable and node.name == name)
    said = Attributes(node).integers("__shape__")
    if len(said) > 1 and min(said[1:]) > 0:
        return (max(1, said[0]), *said[1:])
    arrays = parameters.by_name
    for user in _first_layers(graph, index):
        weight = arrays.get(graph.nodes[user.inputs[1].node].name)
        if weight is None:
            continue
        if user.op.startswith("Convolution") and weight.ndim == 4:
            channels = weight.shape[1] * Attributes(user).integer("num_group", 1)
            return (1, channels, DEFAULT_SIZE, DEFAULT_SIZE)
        if user.op == "FullyConnected" and weight.ndim == 2:
            return (1, weight.shape[1])
    raise ShapeError(f"nothing tells the shape of the input '{name}': give --input {name}=1,...", file=graph.file)


def _with_assumptions(error: ShapeError, assumed: Mapping[str, Shape]) -> ShapeError:
    found = ShapeError(f"{error}{assumption(assumed)}")
    found.node = error.node
    return found


def assumption(assumed: Mapping[str, Shape]) -> str:
    """The end of an error's line that names the shapes which nobody gave, for these may be its reason."""
    if not assumed:
        return ""
    shapes = ", ".join(f"{name}={','.join(map(str, shape))}" for name, shape in assumed.items())
    return f"; {shapes} was assumed: if the network takes another shape, give it as --input NAME=SHAPE"


def _first_layers(graph: Graph, index: int) -> list[Node]:
    """The layers with weights that an input comes to before any other layer with weights."""
    reached, found = {index}, []
    for position, node in enumerate(graph.nodes):
        if any(entry.node in reached for entry in node.inputs):
            if node.op.startswith(("Convolution", "FullyConnected")) and len(node.inputs) > 1:
                found.append(node)
            else:
                reached.add(position)
    return found


def _emit(graph: Graph, builder: Builder, inferred: Mapping[Entry, Shape], inputs: Mapping[str, Shape]) -> list[Value]:
    """Convert every node in turn; gives the values of the heads."""
    values: dict[Entry, Value] = {}
    for index, node in enumerate(graph.nodes):
        shapes: list[Shape] = []
        while Entry(index, len(shapes)) in inferred:
            shapes.append(inferred[Entry(index, len(shapes))])
        if node.is_variable:
            outputs = [Value(node.name, shapes[0])]
        else:
            taken = [values[entry] for entry in node.inputs]
            outputs = OPERATORS[node.op].emit(Call(node, taken, builder, shapes))
        for position, (value, shape) in enumerate(zip(outputs, shapes, strict=True)):
            values[Entry(index, position)] = Value(value.name, shape)
    heads = []
    for head in graph.heads:
        shape_of(dict(inferred), graph, head)
        value = values[head]
        if value.name in inputs or value.name in builder.parameters or value in heads:
            value = builder.node("Identity", [value], value.shape, name=value.name)
        heads.append(value)
    return heads


def larger(shapes: Mapping[str, Shape], odd: int = 0) -> dict[str, Shape]:
    """The shapes with images a little larger: by a number that most networks take, and `odd` more."""
    return {
        name: (*shape[:2], shape[2] + 32 + odd, shape[3] + 64 + odd) if len(shape) == 4 else shape
        for name, shape in shapes.items()
    }


def _shapes_of_larger(graph: Graph, known: dict[str, Shape], inputs: dict[str, Shape]) -> dict[Entry, Shape]:
    try:
        return infer_shapes(graph, known | larger(inputs))
    except ShapeError as error:
        raise ShapeError(f"the size of images cannot be left free: {error}") from error


def _free(head: Value, other: Shape | None) -> list[int]:
    """The axes of an output whose size depends on that of the images; `other` is its shape for larger ones."""
    return [axis for axis in range(1, head.rank) if other is not None and head.shape[axis] != other[axis]]


def _model(builder: Builder, inputs: Mapping[str, Shape], heads: list[Value], free: list[list[int]]) -> onnx.ModelProto:
    given = []
    for name, shape in inputs.items():
        images = builder.any_size and len(shape) == 4
        sizes: list[int | str] = [BATCH, shape[1], *FREE] if images else [BATCH, *shape[1:]]
        given.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, sizes))
    answers = []
    for value, axes in zip(heads, free, strict=True):
        named: list[int | str] = [
            f"{value.name}_{axis}" if axis in axes else size for axis, size in enumerate(value.shape)
        ]
        answers.append(helper.make_tensor_value_info(value.name, onnx.TensorProto.FLOAT, [BATCH, *named[1:]]))
    proto = helper.make_graph(builder.nodes, "network", given, answers)
    imports = [helper.make_opsetid("", builder.opset)]
    model = helper.make_model(proto, opset_imports=imports, producer_name=PRODUCER)
    model.ir_version = helper.find_min_ir_version_for(imports)
    return model
