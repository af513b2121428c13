"""A network as a plain inference file with room for its parameters: a page writes one without an ONNX library."""

from __future__ import annotations

import numpy as np

from export.errors import ExportError
from export.onnx.graphs.network import FlatNetwork
from export.onnx.to_onnx import serialise, to_onnx
from training.models.registry import build


def template(network: FlatNetwork, height: int = 28, width: int = 28) -> tuple[bytes, list[int]]:
    """The file, exported like any network of ours but with zeros for weights, and where each parameter begins in it.

    It has no metadata: as the last field of an ONNX file, they can be appended.

    Raises:
        ExportError: If a parameter does not stand in the file, once, under its name and as the network has it.
    """
    # a new one: from a network that has been traced, the exporter gives the tensors other names
    module = build(network.name, network.classes)
    sample = np.random.default_rng(0).standard_normal((2, 1, height, width)).astype(np.float32)
    model = to_onnx(module, sample)
    names = {tensor.name for tensor in model.graph.initializer}
    content = bytearray(serialise(model))
    offsets = []
    for name, values in module.named_parameters():
        raw = values.detach().numpy().astype("<f4").tobytes()
        if name not in names or content.count(raw) != 1:
            raise ExportError(f"{network.name}: the exported file has {name} in another form than the network")
        offsets.append(content.index(raw))
        content[offsets[-1] : offsets[-1] + len(raw)] = bytes(len(raw))
    return bytes(content), offsets
