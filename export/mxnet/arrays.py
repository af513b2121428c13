"""NDArray files, the binary half of an MXNet checkpoint: every array format from V0 to V3, read and written.

A file is a header, a counted list of arrays and a counted list of their names, all little-endian. An array is a magic
number, its shape, the device it was on, its element type and its elements; V0 has no magic and 32-bit dimensions, V1
64-bit ones, V2 adds sparse storage, V3 arrays without dimensions.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt

from export.mxnet.errors import CheckpointError, MxnetError
from training.core.files import write_bytes
from training.core.reading import read_bytes

Array = npt.NDArray[Any]

LIST_MAGIC = 0x112
ARRAY_MAGICS = {0xF993FAC8: 1, 0xF993FAC9: 2, 0xF993FACA: 3}
"""An array's first four bytes and its format; anything else is the number of dimensions of a V0 array."""
DTYPES: dict[int, np.dtype[Any]] = {
    code: np.dtype(kind).newbyteorder("<")
    for code, kind in enumerate(
        ("f4", "f8", "f2", "u1", "i4", "i1", "i8", "?", "i2", "u2", "u4", "u8", ml_dtypes.bfloat16)
    )
}
"""MXNet's code of an element type, and the type."""
DENSE, ROW_SPARSE, CSR = 0, 1, 2
MOST_DIMENSIONS = 32
MOST_ELEMENTS = 1 << 48
DENSE_FLOOR = 1 << 20
DENSE_FACTOR = 8
"""As dense arrays, a file's row-sparse ones may take `DENSE_FACTOR` times its size, and `DENSE_FLOOR` bytes anyway."""
LONGEST_NAME = 4096
MOST_BYTES = 8 << 30
"""Of a file: four times the largest of MXNet's model zoo."""


def read_arrays(path: Path) -> dict[str, Array]:
    """The named arrays of an NDArray file, in its order; row-sparse ones made dense, devices ignored.

    The arrays are read-only views of the file's content.

    Raises:
        CheckpointError: If the file is damaged: with the byte, and what was expected there.
        MxnetError: If it cannot be read.
    """
    try:
        content = read_bytes(path, MOST_BYTES)
    except OSError as error:
        raise MxnetError(f"{path}: cannot read the parameters: {error.strerror}") from error
    return parse_arrays(content, str(path))


def parse_arrays(content: bytes, file: str) -> dict[str, Array]:
    """As `read_arrays`, of a file's content; `file` is its name in errors."""
    cursor = _Cursor(content, file)
    magic = cursor.number("<Q", "the file's magic number")
    if magic != LIST_MAGIC:
        swapped = int.from_bytes(magic.to_bytes(8, "little"), "big") == LIST_MAGIC
        hint = ", as a big-endian machine writes it" if swapped else ""
        raise cursor.error(f"the file begins with {magic:#x}{hint}; an NDArray file begins with {LIST_MAGIC:#x}", at=0)
    cursor.number("<Q", "the reserved bytes")
    arrays = [_array(cursor, index) for index in range(cursor.count("arrays", smallest=4))]
    start = cursor.offset
    names = [_name(cursor, index) for index in range(cursor.count("names", smallest=8))]
    if len(names) != len(arrays):
        raise cursor.error(f"{len(names)} names follow, for {len(arrays)} arrays", at=start)
    if cursor.left:
        raise cursor.error(f"{cursor.left} bytes follow the last name, where the file should end")
    named: dict[str, Array] = {}
    for name, array in zip(names, arrays, strict=True):
        if name in named:
            raise cursor.error(f"there are two arrays named '{name}'", at=start)
        named[name] = array
    return named


@dataclass
class _Cursor:
    """A position in a file's content that only moves forward, never past the end."""

    content: bytes
    file: str
    offset: int = 0
    densified: int = 0

    @property
    def left(self) -> int:
        return len(self.content) - self.offset

    def error(self, problem: str, at: int | None = None) -> CheckpointError:
        return CheckpointError(self.file, self.offset if at is None else at, problem)

    def take(self, size: int, what: str) -> int:
        """Step over `size` bytes; returns their offset."""
        if size > self.left:
            raise self.error(f"{what} should take {size} bytes, but the file ends after {self.left}")
        start = self.offset
        self.offset += size
        return start

    def number(self, code: str, what: str) -> int:
        (value,) = struct.unpack_from(code, self.content, self.take(struct.calcsize(code), what))
        return int(value)

    def count(self, what: str, smallest: int) -> int:
        """How many items follow, each of at least `smallest` bytes."""
        at = self.offset
        number = self.number("<Q", f"the number of {what}")
        if number * smallest > self.left:
            raise self.error(f"{number} {what} cannot fit in the {self.left} bytes that follow", at=at)
        return number

    def shape(self, what: str, dimensions: int, code: str = "q") -> tuple[int, ...]:
        at = self.offset
        if not 0 <= dimensions <= MOST_DIMENSIONS:
            raise self.error(f"{what} has {dimensions} dimensions; 0 to {MOST_DIMENSIONS} are expected", at=at)
        layout = struct.Struct(f"<{dimensions}{code}")
        shape: tuple[int, ...] = layout.unpack_from(self.content, self.take(layout.size, f"the shape of {what}"))
        if any(size < 0 for size in shape):
            raise self.error(f"{what} has the shape {shape}, with a negative dimension", at=at)
        if math.prod(size or 1 for size in shape) > MOST_ELEMENTS:  # also where a dimension of 0 leaves no elements
            raise self.error(f"{what} has the shape {shape}, beyond {MOST_ELEMENTS} elements", at=at)
        return shape

    def counted_shape(self, what: str) -> tuple[int, ...]:
        return self.shape(what, self.number("<i", f"the dimensions of {what}"))

    def dtype(self, what: str) -> np.dtype[Any]:
        at = self.offset
        code = self.number("<i", f"the element type of {what}")
        if code not in DTYPES:
            raise self.error(f"{what} has the element type {code}; 0 to {max(DTYPES)} are known", at=at)
        return DTYPES[code]

    def elements(self, shape: tuple[int, ...], dtype: np.dtype[Any], what: str) -> Array:
        count = math.prod(shape)
        start = self.take(count * dtype.itemsize, f"the elements of {what}, of shape {shape} and type {dtype},")
        return np.frombuffer(self.content, dtype, count, start).reshape(shape)


def _array(cursor: _Cursor, index: int) -> Array:
    what = f"array {index}"
    start = cursor.offset
    magic = cursor.number("<I", f"the magic number of {what}")
    version = ARRAY_MAGICS.get(magic, 0)
    if version == 0:
        if magic > MOST_DIMENSIONS:
            raise cursor.error(f"{what} begins with {magic:#x}, which is no array format of MXNet", at=start)
        shape = cursor.shape(what, magic, "I")
        return _dense(cursor, what, shape, start, version)
    if version == 1:
        return _dense(cursor, what, cursor.counted_shape(what), start, version)
    storage_at = cursor.offset
    storage = cursor.number("<i", f"the storage type of {what}")
    if storage == ROW_SPARSE:
        return _row_sparse(cursor, what, start)
    if storage == CSR:
        raise cursor.error(f"{what} is a CSR matrix, which no layer of a network takes as its weights", at=storage_at)
    if storage != DENSE:
        known = f"{DENSE} (dense), {ROW_SPARSE} (row-sparse) or {CSR} (CSR)"
        raise cursor.error(f"{what} has the storage type {storage}; {known} is expected", at=storage_at)
    return _dense(cursor, what, cursor.counted_shape(what), start, version)


def _dense(cursor: _Cursor, what: str, shape: tuple[int, ...], start: int, version: int) -> Array:
    if not shape and version < 3:
        raise cursor.error(f"{what} was saved before it had any elements", at=start)
    _skip_device(cursor, what)
    return cursor.elements(shape, cursor.dtype(what), what)


def _row_sparse(cursor: _Cursor, what: str, start: int) -> Array:
    """Rows that are stored, at the indices that say where, in an array that is zero elsewhere."""
    stored_shape = cursor.counted_shape(f"the stored rows of {what}")
    shape = cursor.counted_shape(what)
    if not shape or stored_shape[1:] != shape[1:] or len(stored_shape) != len(shape):
        raise cursor.error(f"{what} of shape {shape} cannot hold stored rows of shape {stored_shape}", at=start)
    _skip_device(cursor, what)
    dtype = cursor.dtype(what)
    index_dtype = cursor.dtype(f"the row indices of {what}")
    index_shape = cursor.counted_shape(f"the row indices of {what}")
    if index_dtype.kind not in "iu" or index_shape != stored_shape[:1]:
        found = f"of type {index_dtype} and shape {index_shape}"
        raise cursor.error(
            f"{what} has row indices {found}; integers of shape {stored_shape[:1]} are expected", at=start
        )
    rows = cursor.elements(stored_shape, dtype, f"the stored rows of {what}")
    indices = cursor.elements(index_shape, index_dtype, f"the row indices of {what}")
    if len(indices) and (indices[0] < 0 or indices[-1] >= shape[0] or bool((indices[1:] <= indices[:-1]).any())):
        raise cursor.error(f"the row indices of {what} do not ascend from 0 to {shape[0] - 1}", at=start)
    cursor.densified += math.prod(shape) * dtype.itemsize
    limit = max(DENSE_FLOOR, DENSE_FACTOR * len(cursor.content))
    if cursor.densified > limit:
        found = f"{what} of shape {shape} brings the file's row-sparse arrays to {cursor.densified} bytes when dense"
        raise cursor.error(f"{found}; at most {limit} are allowed to a file of {len(cursor.content)} bytes", at=start)
    dense = np.zeros(shape, dtype)
    dense[indices] = rows
    return dense


def _skip_device(cursor: _Cursor, what: str) -> None:
    """Step over the kind and number of the device that held the array: the elements are in the file in any case."""
    cursor.take(8, f"the device of {what}")


def _name(cursor: _Cursor, index: int) -> str:
    at = cursor.offset
    length = cursor.number("<Q", f"the length of name {index}")
    if length > LONGEST_NAME:
        raise cursor.error(f"name {index} is {length} bytes long; at most {LONGEST_NAME} are expected", at=at)
    start = cursor.take(length, f"name {index}")
    try:
        return cursor.content[start : start + length].decode()
    except UnicodeDecodeError as error:
        raise cursor.error(f"name {index} is not UTF-8 text", at=start) from error


def write_arrays(path: Path, arrays: Mapping[str, Array], version: int = 2) -> None:
    """Write named arrays as an NDArray file; MXNet 1.0 and newer read V2, older ones V1 or V0.

    Raises:
        MxnetError: If that version cannot store an array's element type or shape.
    """
    write_bytes(path, b"".join(_chunks(arrays, version)))


def _chunks(arrays: Mapping[str, Array], version: int) -> Iterator[bytes]:
    yield struct.pack("<QQQ", LIST_MAGIC, 0, len(arrays))
    for name, array in arrays.items():
        yield _array_header(name, array, version)
        yield np.ascontiguousarray(array, _stored_dtype(name, array)[1]).tobytes()
    yield struct.pack("<Q", len(arrays))
    for name in arrays:
        encoded = name.encode()
        yield struct.pack("<Q", len(encoded)) + encoded


def _array_header(name: str, array: Array, version: int) -> bytes:
    code, _ = _stored_dtype(name, array)
    if array.ndim > MOST_DIMENSIONS or (version < 3 and (array.ndim == 0 or 0 in array.shape)):
        raise MxnetError(f"array '{name}' of shape {array.shape} cannot be written in format V{version}")
    if version == 0:
        if max(array.shape) >= 1 << 32:
            raise MxnetError(f"array '{name}' of shape {array.shape} needs more than format V0's 32-bit dimensions")
        shape = struct.pack(f"<{1 + array.ndim}I", array.ndim, *array.shape)
        start = b""
    elif version in ARRAY_MAGICS.values():
        magic = next(magic for magic, number in ARRAY_MAGICS.items() if number == version)
        start = struct.pack("<I", magic) if version == 1 else struct.pack("<Ii", magic, DENSE)
        shape = struct.pack(f"<i{array.ndim}q", array.ndim, *array.shape)
    else:
        raise MxnetError(f"there is no array format V{version}; V0 to V3 are known")
    cpu = struct.pack("<ii", 1, 0)
    return start + shape + cpu + struct.pack("<i", code)


def _stored_dtype(name: str, array: Array) -> tuple[int, np.dtype[Any]]:
    for code, dtype in DTYPES.items():
        if dtype == array.dtype.newbyteorder("<"):
            return code, dtype
    raise MxnetError(f"array '{name}' has the element type {array.dtype}, which MXNet does not know")
