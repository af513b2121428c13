"""MNIST: 70,000 handwritten digits (LeCun, Cortes, Burges), in four IDX files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.data.base import DataError, Dataset, Source, Split, cache_dir
from training.data.fetch.download import fetch, sha256_inside

FILES: dict[Split, tuple[str, str]] = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}
CLASSES = [str(digit) for digit in range(10)]
_UNSIGNED_BYTE = 0x08


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """The array in a gzipped IDX file of unsigned bytes.

    Raises:
        DataError: If it is not one, or its length contradicts its header.
    """
    with gzip.open(path) as stream:
        content = stream.read()
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTE:
        raise DataError(f"{path}: not an IDX file of unsigned bytes (starts with {content[:4].hex() or 'nothing'})")
    start = 4 + 4 * content[3]
    shape = tuple(int.from_bytes(content[at : at + 4], "big") for at in range(4, start, 4))
    if len(content) - start != int(np.prod(shape)):
        raise DataError(f"{path}: its header announces {shape} bytes, but it has {len(content) - start}")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape).copy()


def read(source: Source, split: Split, given: Path | None) -> Dataset:
    """Load a split from `given/mnist`, or from the cache, downloading what is missing.

    Raises:
        DataError: If a given file is missing or has the wrong checksum, or the download fails.
    """
    images, labels = (_verified(source, name, given) for name in FILES[split])
    return Dataset(read_idx(images)[..., None], read_idx(labels).astype(np.int64), CLASSES)


def _verified(source: Source, name: str, given: Path | None) -> Path:
    """The file of that name, its checksum verified."""
    if given is None:
        return fetch(name, source.mirrors, source.sha256[name], cache_dir() / source.name)
    path = given / source.name / name
    if not path.is_file():
        raise DataError(f"{path}: no such file; --data or BACKDOORS_DATA must name a folder that contains mnist/{name}")
    found = sha256_inside(path)
    if found != source.sha256[name]:
        raise DataError(f"{path}: not MNIST's file: SHA-256 of its content {found}, expected {source.sha256[name]}")
    return path


SOURCE = Source(
    name="mnist",
    title="MNIST",
    address="https://yann.lecun.org/exdb/mnist/",
    licence="No licence stated; freely available for research and teaching",
    citation="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. "
    "Proceedings of the IEEE 86(11), 1998.",
    read=read,
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    sha256={
        "train-images-idx3-ubyte.gz": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte.gz": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte.gz": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte.gz": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
)
"""The checksums are those of the decompressed bytes: mirrors compress them differently."""
