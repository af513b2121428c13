"""Layers that several networks share, in a separate file: a reader of one network fetches only the others' heads.

A student keeps its teacher's frozen features. Moved out of the ONNX file into what ONNX calls external data, they are
one file with one hash, byte for byte the same beside the teacher and each of its students.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx
from onnx import external_data_helper

from export.card.schema import SharedWeights
from export.onnx.loading import tensors
from training.core.files import write_bytes

FEATURES = "features."
"""Prefix of the shared layers' names."""
LEAST_BYTES = 1024
"""Smaller tensors stay: a runtime may need them before it reads other files."""


def move_shared(model: onnx.ModelProto, folder: Path, prefix: str = "") -> SharedWeights:
    """Move the features' tensors out of `model`, which is changed in place, into a file named after its content.

    Args:
        model: A network whose layers are named.
        folder: Where the ONNX file will lie.
        prefix: Before the file's name, which begins `features`.

    Raises:
        ValueError: If no tensor of the model is one of the features.
    """
    moved = [
        tensor
        for tensor in model.graph.initializer
        if tensor.name.startswith(FEATURES) and len(tensor.raw_data) >= LEAST_BYTES
    ]
    if not moved:
        raise ValueError(f"the model has no weights whose name begins with '{FEATURES}'")
    content = b"".join(tensor.raw_data for tensor in moved)
    digest = hashlib.sha256(content).hexdigest()
    name = f"{prefix}features.{digest[:12]}.bin"
    write_bytes(folder / name, content)
    offset = 0
    for tensor in moved:
        length = len(tensor.raw_data)
        external_data_helper.set_external_data(tensor, name, offset=offset, length=length)
        tensor.ClearField("raw_data")
        offset += length
    return SharedWeights(name=name, bytes=len(content), sha256=digest)


def external_files(model: onnx.ModelProto) -> set[str]:
    """Names of the other files that hold a model's weights, as the model writes them."""
    return {
        entry.value
        for tensor in tensors(model)
        if external_data_helper.uses_external_data(tensor)
        for entry in tensor.external_data
        if entry.key == "location"
    }
