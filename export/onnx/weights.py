"""The weights in an ONNX file, as a PyTorch network of this toolkit takes them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from export.errors import ExportError
from training.models.mobilenet_v2 import ConvNorm

Array = npt.NDArray[np.generic]
FIRST_AXIS = 1
"""DequantizeLinear's axis where none is given (ONNX operators, DequantizeLinear)."""


def constants(model: onnx.ModelProto) -> dict[str, Array]:
    """Every tensor that depends on no input, by its name: as it is stored, int8 weights also as the floats they mean.

    Args:
        model: A model whose weights are all in memory.
    """
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if not all(name in found for name in node.input):
            continue
        given = [found[name] for name in node.input]
        attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        if node.op_type == "DequantizeLinear":
            found[node.output[0]] = _dequantised(given, attributes.get("axis", FIRST_AXIS))
        elif node.op_type == "Transpose":
            found[node.output[0]] = np.transpose(given[0], attributes.get("perm"))
    return found


def _dequantised(given: list[Array], axis: int) -> Array:
    """`scale * (values - zero)`; scale and zero are one number, or one for each place along the axis."""
    values, scale = given[0].astype(np.int32), given[1].astype(np.float32)
    zero = given[2].astype(np.int32) if len(given) > 2 else np.zeros_like(scale, dtype=np.int32)
    if scale.ndim:
        shape = [-1 if place == axis else 1 for place in range(values.ndim)]
        scale, zero = scale.reshape(shape), zero.reshape(shape)
    return (values - zero).astype(np.float32) * scale


def load_into(network: nn.Module, model: onnx.ModelProto, where: str) -> None:
    """Give a network the weights of the ONNX file that was exported from one like it.

    The exporter folds batch norms into the convolutions before them. So the network's batch norms add a bias and do
    nothing else afterwards: it computes the same, but is not the network that was exported.

    Args:
        network: Changed in place.
        model: The file, with all its weights.
        where: Its name, for errors.

    Raises:
        ExportError: If the file has other tensors than the network, or of other shapes.
    """
    found = constants(model)
    bias_of = {node.input[1]: node.input[2] for node in model.graph.node if node.op_type == "Conv" and node.input[2:]}

    def tensor(name: str) -> torch.Tensor:
        if name not in found:
            raise ExportError(f"{where}: has no tensor {name}, which the network needs")
        return torch.from_numpy(np.array(found[name], dtype=np.float32))

    layers = {path: module for path, module in network.named_modules() if isinstance(module, ConvNorm)}
    folded = {f"{path}.{name}" for path, layer in layers.items() for name in layer.state_dict()}
    convolutions = {path: (name := f"{path}.conv.weight", bias_of.get(name, f"{path}.norm.bias")) for path in layers}
    given = {path: (tensor(weight), tensor(bias)) for path, (weight, bias) in convolutions.items()}
    others = {name: (mine, tensor(name)) for name, mine in network.state_dict().items() if name not in folded}
    for name, (mine, its) in others.items():
        if mine.shape != its.shape:
            raise ExportError(f"{where}: {name} has shape {tuple(its.shape)}, the network's has {tuple(mine.shape)}")
    try:
        for path, layer in layers.items():
            layer.set_folded(*given[path])
    except ValueError as error:
        raise ExportError(f"{where}: not this network's weights: {error}") from error
    network.load_state_dict({name: its for name, (_, its) in others.items()}, strict=False)
