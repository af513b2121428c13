"""ONNX files written piece by piece: a network's weights go from the checkpoint to the file without a second copy.

A protobuf message is its fields one after the other, each a tag, a length and that many bytes, in any order. So the
small parts are serialised as usual, and the constants, which are nearly all of the file, are put behind them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import onnx
from onnx import helper

from export.mxnet.arrays import Array
from export.mxnet.errors import MxnetError

LARGEST_MODEL = (1 << 31) - 1
"""Bytes that a protobuf message, and so an ONNX file of one piece, can have."""
GRAPH = onnx.ModelProto.GRAPH_FIELD_NUMBER
INITIALISER = onnx.GraphProto.INITIALIZER_FIELD_NUMBER
RAW_DATA = onnx.TensorProto.RAW_DATA_FIELD_NUMBER


def write_model(path: Path, skeleton: onnx.ModelProto, constants: Mapping[str, Array]) -> int:
    """Write a model without initialisers and its constants as one ONNX file; gives the file's size.

    Raises:
        MxnetError: If it is too large for one file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for chunk in chunks(skeleton, constants):
            file.write(chunk)
        return file.tell()


def chunks(skeleton: onnx.ModelProto, constants: Mapping[str, Array]) -> Iterator[bytes]:
    """The pieces of the file, in order."""
    outer, graph = onnx.ModelProto(), skeleton.graph.SerializeToString(deterministic=True)
    outer.CopyFrom(skeleton)
    outer.ClearField("graph")
    heads = {name: _tensor_head(name, array) for name, array in constants.items()}
    sizes = {name: len(head) + constants[name].nbytes for name, head in heads.items()}
    total = len(graph) + sum(len(_field(INITIALISER, size)) + size for size in sizes.values())
    if total > LARGEST_MODEL - (1 << 20):
        raise MxnetError(f"the model would take {total} bytes; an ONNX file of one piece holds at most {LARGEST_MODEL}")
    yield outer.SerializeToString(deterministic=True) + _field(GRAPH, total) + graph
    for name, array in constants.items():
        yield _field(INITIALISER, sizes[name]) + heads[name]
        yield array.tobytes()


def _tensor_head(name: str, array: Array) -> bytes:
    """All of a tensor but its elements."""
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    tensor = onnx.TensorProto(name=name, data_type=kind, dims=array.shape)
    return bytes(tensor.SerializeToString(deterministic=True)) + _field(RAW_DATA, array.nbytes)


def _field(number: int, size: int) -> bytes:
    """Tag and length of a field that holds bytes."""
    return _varint(number << 3 | 2) + _varint(size)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
