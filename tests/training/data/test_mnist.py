from __future__ import annotations

import dataclasses
import gzip
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from training.data import mnist
from training.data.base import DataError
from training.data.registry import SOURCES, load

IMAGES = np.arange(2 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(2, 28, 28)
LABELS = np.array([3, 9], dtype=np.uint8)


def idx(array: np.ndarray) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a test split of two pictures, and a source that expects just those."""
    content = dict(zip(mnist.FILES["test"], (idx(IMAGES), idx(LABELS)), strict=True))
    (tmp_path / "mnist").mkdir()
    for name, raw in content.items():
        (tmp_path / "mnist" / name).write_bytes(gzip.compress(raw))
    sha256 = {name: hashlib.sha256(raw).hexdigest() for name, raw in content.items()}
    monkeypatch.setitem(SOURCES, "mnist", dataclasses.replace(mnist.SOURCE, sha256=sha256))
    return tmp_path


def test_a_given_folder_is_read_as_it_is(given: Path) -> None:
    found = load("mnist", "test", given)
    assert (found.images[..., 0] == IMAGES).all()
    assert found.labels.tolist() == [3, 9]
    assert found.labels.dtype == np.int64
    assert found.classes == list("0123456789")


def test_the_environment_names_the_folder_too(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKDOORS_DATA", str(given))
    assert len(load("mnist", "test").images) == 2


def test_a_file_missing_in_a_given_folder_is_named(given: Path) -> None:
    (given / "mnist" / mnist.FILES["test"][1]).unlink()
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz: no such file"):
        load("mnist", "test", given)


def test_a_given_file_with_other_content_is_refused(given: Path) -> None:
    (given / "mnist" / mnist.FILES["test"][0]).write_bytes(gzip.compress(idx(IMAGES[:1])))
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte\.gz: not MNIST's file"):
        load("mnist", "test", given)


@pytest.mark.parametrize(
    ("raw", "word"),
    [(b"", "nothing"), (b"\0\0\x0d\x01\0\0\0\x01", "not an IDX file"), (idx(LABELS)[:-1], "but it has 1")],
)
def test_a_file_that_is_no_idx_is_refused(tmp_path: Path, raw: bytes, word: str) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(raw))
    with pytest.raises(DataError, match=word):
        mnist.read_idx(path)


def test_the_source_names_licence_mirrors_and_a_checksum_for_each_file() -> None:
    assert set(mnist.SOURCE.sha256) == {name for pair in mnist.FILES.values() for name in pair}
    assert len(mnist.SOURCE.mirrors) >= 2
    assert mnist.SOURCE.licence


@pytest.mark.skipif(not os.environ.get("BACKDOORS_DATA"), reason="needs MNIST: set BACKDOORS_DATA to a data folder")
def test_the_real_set_has_70000_digits() -> None:
    train, test = load("mnist", "train"), load("mnist", "test")
    assert train.images.shape == (60000, 28, 28, 1)
    assert test.images.shape == (10000, 28, 28, 1)
    assert np.bincount(test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert train.images.mean() / 255 == pytest.approx(0.1307, abs=1e-4)
