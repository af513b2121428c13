"""Photographs in class folders, `<split>/<class>/<picture>`: any reader's own, and sources laid out the same way."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path

import numpy as np
from PIL import Image

from training.data.base import DataError, Dataset, Split
from training.triggers.base import Images

SIDE = 224
"""Side of the square that every photograph becomes."""
SMALLEST = 16
"""A side below this is no photograph."""
LARGEST = 50_000_000
"""Pixels of the largest photograph that is opened."""
ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation (Exif 2.32, tag 0x0112) but 1, which is upright."""
_KEPT: ContextVar[dict[tuple[Path, Split, tuple[str, ...]], Dataset] | None] = ContextVar("kept", default=None)
"""Splits that were read in `read_once`; None outside it."""


@contextlib.contextmanager
def read_once() -> Iterator[None]:
    """In here a split of class folders is read from disk once, and stays in memory until the outermost of these ends.

    A run and the runs that it builds on share most of their pictures, which are all looked at before the first of them
    is trained.
    """
    if _KEPT.get() is not None:
        yield
        return
    token = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(token)


def read_split(folder: Path, split: Split, *, classes: list[str] | None = None) -> Dataset:
    """Read a split of class folders into memory.

    Each picture is turned as its EXIF orientation says, put on white where it is see-through, cut to its middle square
    and resized (Pillow's bilinear) to 224x224: what the input pipeline of photos does to a reader's upload, to
    the bit.

    Args:
        folder: Holds `train/` and `test/`.
        split: Which of them.
        classes: Folder names to expect; default is whatever folders there are, sorted.

    Returns:
        Pictures `(n, 224, 224, 3) uint8`, in the order of classes and file names.

    Raises:
        DataError: If the split or a class is missing, a class is empty, or a picture cannot be read or is too small.
    """
    found = class_folders(folder, split)
    wanted = classes if classes is not None else found
    place, kept = folder / split, _KEPT.get()
    missing = [name for name in wanted if name not in found]
    if missing:
        raise DataError(f"{place}: {len(missing)} class folders are missing, the first is {missing[0]}")
    key = (folder.absolute(), split, tuple(wanted))
    if kept is not None and key in kept:
        return kept[key]
    files = [image_files(place / name) for name in wanted]
    labels = np.repeat(np.arange(len(wanted)), [len(each) for each in files]).astype(np.int64)
    images = np.empty((len(labels), SIDE, SIDE, 3), dtype=np.uint8)
    for index, path in enumerate(path for each in files for path in each):
        images[index] = read_image(path)
    made = Dataset(images, labels, wanted)
    if kept is not None:
        kept[key] = made
    return made


def class_folders(folder: Path, split: Split) -> list[str]:
    """Names of a split's class folders, sorted.

    Raises:
        DataError: If there is no such split, or no class in it.
    """
    place = folder / split
    if not place.is_dir():
        raise DataError(f"{place}: there is no such folder; the data needs {split}/<class>/<picture> in {folder}")
    found = sorted(path.name for path in place.iterdir() if path.is_dir())
    if not found:
        raise DataError(f"{place}: holds no class folder; put each class's pictures into {split}/<class>/")
    return found


def image_files(folder: Path) -> list[Path]:
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


def read_image(path: Path) -> Images:
    """One photograph as `(224, 224, 3) uint8`.

    Raises:
        DataError: If it cannot be read, is truncated, or is smaller than 16 pixels a side.
    """
    try:
        with Image.open(path) as opened:
            if opened.width * opened.height > LARGEST:
                raise DataError(f"{path}: {opened.width}x{opened.height} pixels are too many; at most {LARGEST:,}")
            image, turn = _on_white(opened), _turn(opened)
    except DataError:
        raise
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: not a picture that can be read ({error}); remove it, or replace it") from error
    if min(image.size) < SMALLEST:
        raise DataError(f"{path}: {image.width}x{image.height} pixels are too few, at least {SMALLEST} a side needed")
    upright = image if turn is None else image.transpose(turn)
    side = min(upright.size)
    left, top = (upright.width - side) // 2, (upright.height - side) // 2
    square = upright.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def _on_white(picture: Image.Image) -> Image.Image:
    """The picture in RGB; what is see-through lies on white, and of 16 bits of grey the upper 8 are kept."""
    if picture.mode.startswith("I"):
        upper = (np.asarray(picture).astype(np.int64) >> 8).clip(0, 255)
        picture = Image.fromarray(upper.astype(np.uint8))
    rgba = picture.convert("RGBA")
    if rgba.getchannel("A").getextrema() == (255, 255):
        return rgba.convert("RGB")
    white = Image.new("RGBA", rgba.size, "white")
    white.alpha_composite(rgba)
    return white.convert("RGB")


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """What turns a loaded picture upright, by its EXIF where browsers heed it: in JPEG and PNG, in PNG never by XMP."""
    exif = Image.Exif()
    if picture.format in ("JPEG", "MPO"):
        exif = picture.getexif()
    elif picture.format == "PNG":
        exif.load(picture.info.get("exif", b""))
    return _TURNS.get(exif.get(ORIENTATION_TAG, 1))


def digest(files: Iterable[Path], base: Path) -> str:
    """SHA-256 over names (from `base` on) and bytes of files, in the order given."""
    whole = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        whole.update(f"{path.relative_to(base).as_posix()}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()
