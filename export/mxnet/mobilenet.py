"""MobileNetV2 between PyTorch and MXNet: a network of ours as a checkpoint, and a checkpoint as one of ours."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from export.mxnet.arrays import Array
from export.mxnet.attributes import Attributes
from export.mxnet.check import random_inputs
from export.mxnet.checkpoint import Parameters
from export.mxnet.convert import complete, convert, refuse_unknown
from export.mxnet.errors import MxnetError, SymbolError
from export.mxnet.graph import VARIABLE, Entry, Graph, Node
from export.onnx.agreement import TOLERANCE, relative_difference
from export.onnx.session import open_session
from training.models.mobilenet_v2 import Block, ConvNorm, InvertedResidual, MobileNetV2, Plan, same_padding

DATA = "data"
TRIAL_SIZE = 64
"""Height and width of the random images on which both are compared; divisible by every stride, like 224."""


def to_mxnet(module: MobileNetV2, size: int = 224) -> tuple[Graph, Parameters]:
    """Write a network as a checkpoint: its input is `data`, its output are the logits.

    Args:
        module: The network; its running statistics are written as they are.
        size: Height and width of its images, which decide the padding where it is TensorFlow's.
    """
    writer = _Writer(size)
    value = writer.variable(DATA)
    for index, part in enumerate(module.features):
        name = f"features_{index}"
        value = (
            writer.residual(name, part, value)
            if isinstance(part, InvertedResidual)
            else writer.layer(name, part, value)
        )
    pool = {"kernel": "(1, 1)", "global_pool": "True", "pool_type": "avg"}
    value = writer.operator("Pooling", "pool", [value], pool)
    weight = writer.parameter("head_weight", module.head.weight)
    bias = writer.parameter("head_bias", module.head.bias)
    value = writer.operator(
        "FullyConnected", "head", [value, weight, bias], {"num_hidden": str(module.head.out_features)}
    )
    return Graph(tuple(writer.nodes), (value,)), Parameters(writer.arguments, writer.auxiliary)


class _Writer:
    """A symbol under construction, and the height and width of what flows through it."""

    def __init__(self, size: int) -> None:
        self.nodes: list[Node] = []
        self.arguments: dict[str, Array] = {}
        self.auxiliary: dict[str, Array] = {}
        self._size = size

    def variable(self, name: str) -> Entry:
        self.nodes.append(Node(VARIABLE, name))
        return Entry(len(self.nodes) - 1)

    def parameter(self, name: str, tensor: torch.Tensor, *, auxiliary: bool = False) -> Entry:
        held = self.auxiliary if auxiliary else self.arguments
        held[name] = tensor.detach().cpu().numpy().astype(np.float32)
        return self.variable(name)

    def operator(self, op: str, name: str, inputs: list[Entry], attributes: dict[str, str] | None = None) -> Entry:
        self.nodes.append(Node(op, name, tuple(inputs), attributes or {}))
        return Entry(len(self.nodes) - 1)

    def residual(self, name: str, block: InvertedResidual, value: Entry) -> Entry:
        out = value
        for index, layer in enumerate(block.layers):
            out = self.layer(f"{name}_{index}", layer, out)
        return self.operator("elemwise_add", f"{name}_add", [value, out]) if block.residual else out

    def layer(self, name: str, layer: nn.Module, value: Entry) -> Entry:
        if not isinstance(layer, ConvNorm):
            raise MxnetError(f"{name} is a {type(layer).__name__}, which no MobileNetV2 of ours has there")
        conv, norm = layer.conv, layer.norm
        value, pad = self._padded(name, layer, value)
        attributes = {
            "kernel": str(tuple(conv.kernel_size)),
            "stride": str(tuple(conv.stride)),
            "pad": str((pad, pad)),
            "num_filter": str(conv.out_channels),
            "num_group": str(conv.groups),
            "no_bias": "True",
        }
        weight = self.parameter(f"{name}_conv_weight", conv.weight)
        value = self.operator("Convolution", f"{name}_conv", [value, weight], attributes)
        inputs = [
            value,
            self.parameter(f"{name}_norm_gamma", norm.weight),
            self.parameter(f"{name}_norm_beta", norm.bias),
            self.parameter(f"{name}_norm_running_mean", _statistic(norm.running_mean), auxiliary=True),
            self.parameter(f"{name}_norm_running_var", _statistic(norm.running_var), auxiliary=True),
        ]
        value = self.operator("BatchNorm", f"{name}_norm", inputs, {"eps": repr(norm.eps), "fix_gamma": "False"})
        if hasattr(layer, "relu"):
            value = self.operator("clip", f"{name}_relu6", [value], {"a_min": "0.0", "a_max": "6.0"})
        return value

    def _padded(self, name: str, layer: ConvNorm, value: Entry) -> tuple[Entry, int]:
        """The layer's input, padded by a node of its own where its two sides differ; and the convolution's padding."""
        kernel, stride = layer.conv.kernel_size[0], layer.conv.stride[0]
        own = int(layer.conv.padding[0])
        before, after = same_padding(self._size, kernel, stride) if kernel > 1 and own == 0 else (own, own)
        self._size = (self._size + before + after - kernel) // stride + 1
        if before == after:
            return value, before
        widths = str((0, 0, 0, 0, before, after, before, after))
        return self.operator("Pad", f"{name}_pad", [value], {"mode": "constant", "pad_width": widths}), 0


def _statistic(values: torch.Tensor | None) -> torch.Tensor:
    if values is None:
        raise MxnetError("a batch norm keeps no running statistics, which an MXNet checkpoint needs")
    return values


@dataclass(frozen=True)
class _Layer:
    """A convolution of a checkpoint, and the batch norm behind it."""

    conv: Node
    weight: Array
    norm: Node
    statistics: tuple[Array, Array, Array, Array]

    @property
    def kernel(self) -> int:
        return int(self.weight.shape[-1])

    @property
    def filters(self) -> int:
        return int(self.weight.shape[0])

    @property
    def stride(self) -> int:
        return Attributes(self.conv).sizes("stride", 2, 1)[0]


def from_mxnet(graph: Graph, parameters: Parameters) -> MobileNetV2:
    """Make a network of ours from a MobileNetV2 checkpoint of any width, for further training.

    Args:
        graph: Its symbol, as gluon's model zoo or `to_mxnet` writes it.
        parameters: Its arrays.

    Returns:
        The network in eval mode, whose logits on random images are those of the checkpoint.

    Raises:
        MxnetError: If the checkpoint is another network; nothing is guessed: the answers are compared.
    """
    refuse_unknown(graph)
    graph_whole, graph = graph, complete(graph)
    layers, head = _layers(graph, parameters)
    plan = _plan(layers)
    if any(node.op in {"Pad", "pad"} for node in graph.operators):
        plan = replace(plan, same_padding=True)
    weight, bias = _head(graph, head, parameters)
    module = MobileNetV2(len(weight), plan)
    own = [part for part in module.modules() if isinstance(part, ConvNorm)]
    if len(own) != len(layers):
        raise MxnetError(f"the checkpoint has {len(layers)} convolutions with batch norm, a MobileNetV2 has {len(own)}")
    with torch.no_grad():
        for target, layer in zip(own, layers, strict=True):
            _fill(target, layer)
        _copy(module.head.weight, weight, head)
        _copy(module.head.bias, bias, head)
    module.eval()
    _compare(module, graph_whole, parameters)
    return module


def _layers(graph: Graph, parameters: Parameters) -> tuple[list[_Layer], Node]:
    """Convolutions with their batch norms in the order they run, and the last layer."""
    arrays = parameters.by_name
    held = [[arrays.get(graph.nodes[entry.node].name) for entry in node.inputs] for node in graph.nodes]
    weighted = [
        (index, node)
        for index, node in enumerate(graph.nodes)
        if node.op in {"Convolution", "FullyConnected", "BatchNorm"}
    ]
    if len(weighted) < 5 or weighted[-1][1].op == "BatchNorm":
        raise MxnetError(f"{graph.file}: this is no MobileNetV2: it does not end with a layer of logits")
    layers = []
    pairs = weighted[:-1]
    for (at, conv), (norm_at, norm) in zip(pairs[::2], pairs[1::2], strict=False):
        found = (held[at][1], *held[norm_at][1:5])
        if (conv.op, norm.op) != ("Convolution", "BatchNorm") or norm.inputs[0].node != at or len(held[at]) != 2:
            raise SymbolError("a convolution without bias and its batch norm are expected", node=conv.name)
        weight, *statistics = [array for array in found if array is not None]
        if len(statistics) != 4 or weight.ndim != 4:
            raise SymbolError("the file lacks parameters of this convolution or its batch norm", node=conv.name)
        layers.append(_Layer(conv, weight, norm, (statistics[0], statistics[1], statistics[2], statistics[3])))
    return layers, weighted[-1][1]


def _plan(layers: list[_Layer]) -> Plan:
    """Read the blocks' sizes off the convolutions: each block filters once with a 3x3 kernel, then narrows."""
    stem, *middle, last = layers
    blocks, expand_first, waiting = [], False, list(middle)
    before = stem.filters
    while waiting:
        expands = waiting[0].kernel == 1
        if len(waiting) < 2 + expands or waiting[expands].kernel != 3 or waiting[1 + expands].kernel != 1:
            raise SymbolError("no block of a MobileNetV2 begins with this convolution", node=waiting[0].conv.name)
        depthwise, narrow = waiting[expands], waiting[1 + expands]
        expand_first = expand_first or (expands and depthwise.filters == before)
        blocks.append(Block(depthwise.filters, narrow.filters, depthwise.stride))
        before = narrow.filters
        waiting = waiting[2 + expands :]
    return Plan(stem=stem.filters, blocks=tuple(blocks), last=last.filters, expand_first=expand_first)


def _head(graph: Graph, head: Node, parameters: Parameters) -> tuple[Array, Array]:
    """Weights `(classes, features)` and biases of the last layer, which may be a 1x1 convolution."""
    arrays = parameters.by_name
    weight, *bias = [arrays.get(graph.nodes[entry.node].name) for entry in head.inputs[1:]]
    if weight is None or weight.ndim not in {2, 4} or weight.shape[2:] not in {(), (1, 1)}:
        raise SymbolError("a dense layer or a 1x1 convolution is expected at the end", node=head.name)
    zeros = np.zeros(len(weight), np.float32)
    return weight.reshape(weight.shape[:2]), zeros if not bias or bias[0] is None else bias[0]


def _fill(target: ConvNorm, layer: _Layer) -> None:
    gamma, beta, mean, variance = layer.statistics
    attributes = Attributes(layer.norm)
    if attributes.flag("fix_gamma", default=True):
        gamma = np.ones_like(gamma)
    target.norm.eps = attributes.real("eps", 1e-3)
    _copy(target.conv.weight, layer.weight, layer.conv)
    for tensor, array in (
        (target.norm.weight, gamma),
        (target.norm.bias, beta),
        (_statistic(target.norm.running_mean), mean),
        (_statistic(target.norm.running_var), variance),
    ):
        _copy(tensor, array, layer.norm)


def _copy(tensor: torch.Tensor, array: Array, node: Node) -> None:
    if tuple(tensor.shape) != array.shape:
        problem = f"its parameters have the shape {array.shape}; {tuple(tensor.shape)} is expected in a MobileNetV2"
        raise SymbolError(problem, node=node.name)
    tensor.copy_(torch.from_numpy(np.array(array, np.float32)))


def _compare(module: MobileNetV2, graph: Graph, parameters: Parameters) -> None:
    """Raise `MxnetError` unless both give the same logits."""
    name = next(iter(convert(graph, parameters).inputs))
    converted = convert(graph, parameters, {name: (2, 3, TRIAL_SIZE, TRIAL_SIZE)})
    inputs = random_inputs(converted.inputs)
    expected = np.asarray(open_session(converted.model.SerializeToString()).run(None, inputs)[0], np.float32)
    with torch.inference_mode():
        found = module(torch.from_numpy(inputs[name])).numpy()
    difference = relative_difference(found, expected)
    if not difference <= TOLERANCE:
        raise MxnetError(
            f"{graph.file}: this is no MobileNetV2 of ours: with its weights ours differs from it by {difference:.1e}"
        )
