"""MobileNetV2 with ImageNet weights, read from a quantised TFLite file and turned back into floats.

The file is Google Coral's, trained quantisation-aware: one scale and zero point a tensor, batch norms folded
into the convolutions (Jacob et al. 2018, section 3.2).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tflite
import torch

from training.data.base import DataError, cache_dir
from training.data.fetch.download import fetch
from training.data.weights import FILE, IMAGENET, MIRRORS, SHA256
from training.models.mobilenet_v2 import ConvNorm, MobileNetV2, Plan

NAME, LICENCE = IMAGENET.name, IMAGENET.licence
CLASSES = 1001
"""ImageNet's 1000 in the order of their wnids, after a class 0 for background."""
PLAN = Plan(same_padding=True)
_CONVOLUTIONS = 53
_TYPES = {tflite.TensorType.UINT8: np.uint8, tflite.TensorType.INT32: np.int32}

Floats = npt.NDArray[np.float32]


def path(data_dir: Path | None = None) -> Path:
    """The verified file: in the given folder (or BACKDOORS_DATA), or in the cache, downloaded if necessary.

    Raises:
        DataError: If a given file is missing or different, or the download fails.
    """
    given = data_dir or (Path(os.environ["BACKDOORS_DATA"]) if os.environ.get("BACKDOORS_DATA") else None)
    if given is None:
        return fetch(FILE, MIRRORS, SHA256, cache_dir() / NAME)
    file = given / FILE
    if not file.is_file():
        raise DataError(f"{file}: no such file; --data or BACKDOORS_DATA must name a folder that contains {FILE}")
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != SHA256:
        raise DataError(f"{file}: not the file expected: SHA-256 {found}, expected {SHA256}")
    return file


def load(data_dir: Path | None = None) -> MobileNetV2:
    """MobileNetV2 1.0 at 224x224 with its 1001 ImageNet classes, in evaluation mode; input is `pixel / 127.5 - 1`.

    Raises:
        DataError: As `path` does, or if the file does not contain this network.
    """
    return from_tflite(path(data_dir))


def from_tflite(file: Path) -> MobileNetV2:
    """As `load`, from any file of this network.

    Raises:
        DataError: If the file does not contain the network's 53 convolutions in order.
    """
    kernels = _convolutions(file)
    network = MobileNetV2(CLASSES, PLAN)
    layers = [layer for layer in network.features.modules() if isinstance(layer, ConvNorm)]
    if len(kernels) != _CONVOLUTIONS:
        raise DataError(f"{file}: has {len(kernels)} convolutions, MobileNetV2 has {_CONVOLUTIONS}")
    for layer, (weight, bias) in zip(layers, kernels, strict=False):
        try:
            layer.set_folded(torch.from_numpy(weight), torch.from_numpy(bias))
        except ValueError as error:
            raise DataError(f"{file}: not a MobileNetV2: {error}") from error
    weight, bias = kernels[-1]
    with torch.no_grad():
        _set(network.head.weight, weight[:, :, 0, 0], file)
        _set(network.head.bias, bias, file)
    return network.eval()


def _set(parameter: torch.Tensor, values: Floats, file: Path) -> None:
    if tuple(parameter.shape) != values.shape:
        raise DataError(f"{file}: a tensor has shape {values.shape}, MobileNetV2's has {tuple(parameter.shape)}")
    parameter.copy_(torch.from_numpy(values))


def _convolutions(file: Path) -> list[tuple[Floats, Floats]]:
    """Weights `(outputs, inputs a group, h, w)` and bias of every convolution, in the graph's order."""
    content = file.read_bytes()
    if content[4:8] != b"TFL3":
        raise DataError(f"{file}: not a TFLite file")
    model = tflite.Model.GetRootAs(content)
    graph = model.Subgraphs(0)
    found = []
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()
        if code not in (tflite.BuiltinOperator.CONV_2D, tflite.BuiltinOperator.DEPTHWISE_CONV_2D):
            continue
        weight, bias = (_floats(model, graph.Tensors(operator.Inputs(place))) for place in (1, 2))
        # (outputs, h, w, inputs), and (1, h, w, channels) where each channel has its own filter
        axes = (0, 3, 1, 2) if code == tflite.BuiltinOperator.CONV_2D else (3, 0, 1, 2)
        found.append((np.ascontiguousarray(weight.transpose(axes)), bias))
    return found


def _floats(model: tflite.Model, tensor: tflite.Tensor) -> Floats:
    """A tensor's values: `scale * (q - zero point)`."""
    raw = model.Buffers(tensor.Buffer()).DataAsNumpy().view(_TYPES[tensor.Type()])
    quantisation = tensor.Quantization()
    centred = raw.reshape(tensor.ShapeAsNumpy()).astype(np.float64) - quantisation.ZeroPoint(0)
    values: Floats = (quantisation.Scale(0) * centred).astype(np.float32)
    return values
