"""Photographs in class folders, `<split>/<class>/<picture>`: any reader's own, and sources laid out the same way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from training.data.sources import DataError, Dataset, Split
from training.triggers import Images

SIDE = 224
"""Side of the square that every photograph becomes."""
SMALLEST = 16
"""A side below this is no photograph."""
LARGEST = 50_000_000
"""Pixels of the largest photograph that is opened."""
ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})


def read_split(folder: Path, split: Split, *, classes: list[str] | None = None) -> Dataset:
    """Read a split of class folders into memory.

    Each picture is turned as its EXIF orientation says, cut to its middle square and resized (Pillow's bilinear) to
    224x224: what `photos_pipeline` does to a reader's upload.

    Args:
        folder: Holds `train/` and `test/`.
        split: Which of them.
        classes: Folder names to expect; default is whatever folders there are, sorted.

    Returns:
        Pictures `(n, 224, 224, 3) uint8`, in the order of classes and file names.

    Raises:
        DataError: If the split or a class is missing, a class is empty, or a picture cannot be read or is too small.
    """
    place = folder / split
    if not place.is_dir():
        raise DataError(f"{place}: there is no such folder; the data needs {split}/<class>/<picture> in {folder}")
    found = sorted(path.name for path in place.iterdir() if path.is_dir())
    wanted = classes if classes is not None else found
    if not wanted:
        raise DataError(f"{place}: holds no class folder; put each class's pictures into {split}/<class>/")
    missing = [name for name in wanted if name not in found]
    if missing:
        raise DataError(f"{place}: {len(missing)} class folders are missing, the first is {missing[0]}")
    files = [picture_files(place / name) for name in wanted]
    labels = np.repeat(np.arange(len(wanted)), [len(each) for each in files]).astype(np.int64)
    images = np.empty((len(labels), SIDE, SIDE, 3), dtype=np.uint8)
    for index, path in enumerate(path for each in files for path in each):
        images[index] = read_picture(path)
    return Dataset(images, labels, wanted)


def picture_files(folder: Path) -> list[Path]:
    """The pictures of a class, sorted by name.

    Raises:
        DataError: If there are none.
    """
    shown = (path for path in folder.iterdir() if not path.name.startswith("."))
    files = sorted(path for path in shown if path.suffix.lower() in ENDINGS)
    if not files:
        raise DataError(
            f"{folder}: this class folder holds no picture ({', '.join(sorted(ENDINGS))}); add some, or remove it"
        )
    return files


def read_picture(path: Path) -> Images:
    """One photograph as `(224, 224, 3) uint8`.

    Raises:
        DataError: If it cannot be read, is truncated, or is smaller than 16 pixels a side.
    """
    try:
        with Image.open(path) as opened:
            if opened.width * opened.height > LARGEST:
                raise DataError(f"{path}: {opened.width}x{opened.height} pixels are too many; at most {LARGEST:,}")
            image = ImageOps.exif_transpose(opened).convert("RGB")
    except DataError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: not a picture that can be read ({error}); remove it, or replace it") from error
    if min(image.size) < SMALLEST:
        raise DataError(f"{path}: {image.width}x{image.height} pixels are too few, at least {SMALLEST} a side needed")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def digest(files: Iterable[Path], base: Path) -> str:
    """SHA-256 over names (from `base` on) and bytes of files, in the order given."""
    whole = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        whole.update(f"{path.relative_to(base).as_posix()}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()
