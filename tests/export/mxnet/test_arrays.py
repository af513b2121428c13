from __future__ import annotations

import struct
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from export.mxnet.arrays import DTYPES, LIST_MAGIC, Array, parse_arrays, read_arrays, write_arrays
from export.mxnet.checkpoint import parse_parameters
from export.mxnet.errors import CheckpointError, MxnetError, ParametersError
from tests.export.mxnet.cases import VECTORS
from tests.export.mxnet.real import loaded, needs_mxnet

KINDS = ("float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool")
GPU = 2


def written(path: Path, arrays: dict[str, Array], version: int = 2) -> bytes:
    write_arrays(path / "a.params", arrays, version)
    return (path / "a.params").read_bytes()


@pytest.fixture
def small(tmp_path: Path) -> bytes:
    """One array `w` of shape (2, 3) in format V2: header 24 bytes, the array's magic at 24, its shape at 32."""
    return written(tmp_path, {"w": np.arange(6, dtype=np.float32).reshape(2, 3)})


def test_every_element_type_that_mxnet_wrote_is_read() -> None:
    arrays = read_arrays(VECTORS / "dtypes.params")
    assert sorted(arrays) == sorted(KINDS)
    for kind, array in arrays.items():
        assert array.dtype == kind
        assert np.array_equal(array, np.arange(6).reshape(2, 3).astype(kind))


def test_a_row_sparse_array_that_mxnet_wrote_is_made_dense() -> None:
    expected = np.zeros((6, 3))
    expected[[1, 4]] = [[1, 2, 3], [4, 5, 6]]
    assert np.array_equal(read_arrays(VECTORS / "row-sparse.params")["arg:w"], expected)


def test_arrays_with_numpy_s_shapes_that_mxnet_wrote_are_read() -> None:
    arrays = read_arrays(VECTORS / "numpy-shapes.params")
    assert arrays["scalar"].shape == ()
    assert float(arrays["scalar"]) == 2.5
    assert arrays["empty"].shape == (0, 3)
    assert np.array_equal(arrays["matrix"], np.arange(6).reshape(2, 3))


def test_a_csr_matrix_is_refused_by_name() -> None:
    with pytest.raises(CheckpointError, match="array 0 is a CSR matrix"):
        read_arrays(VECTORS / "csr.params")


def test_arrays_without_names_are_refused() -> None:
    with pytest.raises(CheckpointError, match="0 names follow, for 1 arrays"):
        read_arrays(VECTORS / "unnamed.params")


@pytest.mark.parametrize("version", [0, 1, 2, 3])
@pytest.mark.parametrize("dtype", DTYPES.values(), ids=str)
def test_what_is_written_is_read_in_every_format(version: int, dtype: np.dtype[np.generic], tmp_path: Path) -> None:
    arrays = {"arg:a": np.arange(24).reshape(2, 3, 4).astype(dtype), "aux:ä": np.ones((1,), dtype)}
    back = parse_arrays(written(tmp_path, arrays, version), "a.params")
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert np.array_equal(back[name], array)


@needs_mxnet
@pytest.mark.parametrize("version", [0, 1, 2])
def test_real_mxnet_reads_what_is_written(version: int, tmp_path: Path) -> None:
    arrays = {kind: np.arange(24).reshape(2, 3, 4).astype(kind) for kind in KINDS}
    path = tmp_path / "ours.params"
    write_arrays(path, arrays, version)
    back = loaded(path)
    assert all(np.array_equal(back[kind], array) and back[kind].dtype == kind for kind, array in arrays.items())


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_the_device_that_held_an_array_does_not_matter(version: int, tmp_path: Path) -> None:
    array = np.arange(6).reshape(2, 3)
    content = written(tmp_path, {"w": array}, version)
    cpu, gpu = struct.pack("<iii", 1, 0, 6), struct.pack("<iii", GPU, 3, 6)
    assert content.count(cpu) == 1
    assert np.array_equal(parse_arrays(content.replace(cpu, gpu), "a.params")["w"], array)


def test_a_large_array_is_read_without_a_copy(tmp_path: Path) -> None:
    content = written(tmp_path, {"w": np.ones((1024, 1024), np.float32)})
    assert parse_arrays(content, "a.params")["w"].base is not None


def test_bfloat16_keeps_its_values(tmp_path: Path) -> None:
    array = np.array([1.5, -3.25, 1e30], ml_dtypes.bfloat16)
    assert np.array_equal(parse_arrays(written(tmp_path, {"w": array}), "a.params")["w"], array)


def changed(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


@pytest.mark.parametrize(
    ("at", "new", "offset", "message"),
    [
        (0, b"\x13", 0, "an NDArray file begins with 0x112"),
        (0, LIST_MAGIC.to_bytes(8, "big"), 0, "as a big-endian machine writes it"),
        (16, struct.pack("<Q", 1 << 60), 16, "1152921504606846976 arrays cannot fit"),
        (24, struct.pack("<I", 0xDEADBEEF), 24, "0xdeadbeef, which is no array format"),
        (28, struct.pack("<i", 7), 28, "the storage type 7"),
        (32, struct.pack("<i", 99), 36, "99 dimensions; 0 to 32"),
        (32, struct.pack("<i", -1), 36, "-1 dimensions"),
        (36, struct.pack("<q", -2), 36, "negative dimension"),
        (36, struct.pack("<q", 1 << 40), 64, "but the file ends after"),
        (36, struct.pack("<qq", 0, 1 << 62), 36, "beyond 281474976710656 elements"),
        (60, struct.pack("<i", 44), 60, "the element type 44"),
        (-1, b"\xff", 104, "not UTF-8"),
        (-9, struct.pack("<Q", 2), 96, "is 2 bytes long|should take 2 bytes"),
    ],
)
def test_damage_is_reported_with_its_place(small: bytes, at: int, new: bytes, offset: int, message: str) -> None:
    at %= len(small)
    with pytest.raises(CheckpointError, match=message) as raised:
        parse_arrays(changed(small, at, new), "w.params")
    assert str(raised.value).startswith("w.params: byte ")
    assert abs(raised.value.offset - offset) <= 8


def test_a_file_cut_anywhere_is_reported(small: bytes) -> None:
    for length in range(len(small)):
        with pytest.raises(CheckpointError):
            parse_arrays(small[:length], "w.params")


def test_bytes_behind_the_end_are_reported(small: bytes) -> None:
    with pytest.raises(CheckpointError, match="1 bytes follow the last name"):
        parse_arrays(small + b"\0", "w.params")


def row_sparse(shape: tuple[int, ...], indices: list[int]) -> bytes:
    stored = (len(indices), *shape[1:])
    parts = [struct.pack("<QQQ", LIST_MAGIC, 0, 1), struct.pack("<Ii", 0xF993FAC9, 1)]
    parts += [struct.pack(f"<i{len(size)}q", len(size), *size) for size in (stored, shape)]
    parts += [struct.pack("<iii", 1, 0, 0), struct.pack("<iiq", 6, 1, len(indices))]
    parts += [np.ones(stored, np.float32).tobytes(), np.array(indices, np.int64).tobytes()]
    return b"".join([*parts, struct.pack("<QQ", 1, 1), b"w"])


def test_a_row_sparse_array_may_not_grow_far_beyond_its_file() -> None:
    assert parse_arrays(row_sparse((1000, 4), [5]), "w.params")["w"].sum() == 4
    with pytest.raises(CheckpointError, match="4000000000000 bytes when dense; at most 1048576 are allowed"):
        parse_arrays(row_sparse((10**12, 1), [5]), "w.params")


@pytest.mark.parametrize("indices", [[-1], [9], [3, 3], [4, 2]])
def test_row_indices_that_do_not_ascend_within_the_array_are_refused(indices: list[int]) -> None:
    with pytest.raises(CheckpointError, match="do not ascend from 0 to 8"):
        parse_arrays(row_sparse((9, 2), indices), "w.params")


def test_two_arrays_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = written(tmp_path, {"aa": np.ones(1, np.float32), "bb": np.ones(1, np.float32)}).replace(b"bb", b"aa")
    with pytest.raises(CheckpointError, match="two arrays named 'aa'"):
        parse_arrays(twice, "w.params")
    both = written(tmp_path, {"arg:a": np.ones(1, np.float32), "aux:a": np.ones(1, np.float32)})
    with pytest.raises(ParametersError, match="two arrays named 'a'"):
        parse_parameters(both, "w.params")


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(MxnetError, match=r"none\.params: cannot read the parameters: No such file"):
        read_arrays(tmp_path / "none.params")


@pytest.mark.parametrize(
    ("array", "version"),
    [(np.array(1.0), 2), (np.zeros((0, 2)), 1), (np.zeros(2, complex), 2), (np.zeros(2), 4)],
)
def test_what_a_format_cannot_hold_is_refused(array: Array, version: int, tmp_path: Path) -> None:
    with pytest.raises(MxnetError):
        write_arrays(tmp_path / "a.params", {"w": array}, version)
    assert not (tmp_path / "a.params").exists()
