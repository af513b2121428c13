"""Photos in class folders, `<split>/<class>/<image>`: a user's own, and data sets laid out the same way."""

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
"""Side of the square that every photo becomes."""
SMALLEST = 16
"""The shortest side that is accepted."""
LARGEST = 50_000_000
"""Pixels of the largest photo that is opened."""
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
"""What undoes each EXIF orientation (Exif 2.32, tag 0x0112) except 1, which is upright."""
_CACHE: ContextVar[dict[tuple[Path, Split, tuple[str, ...]], Dataset] | None] = ContextVar("cache", default=None)
"""Splits that were read inside `read_once`; None outside it."""


@contextlib.contextmanager
def read_once() -> Iterator[None]:
    """Within this context, read each split of class folders once and keep it in memory; contexts may be nested.

    A run and the runs it builds on share most of their images, and all of them are checked before the first is trained.
    """
    if _CACHE.get() is not None:
        yield
        return
    token = _CACHE.set({})
    try:
        yield
    finally:
        _CACHE.reset(token)


def read_split(folder: Path, split: Split, *, classes: list[str] | None = None) -> Dataset:
    """Read a split of class folders into memory.

    Each image is rotated as its EXIF orientation says, composited on white, cropped to its central square and resized
    (Pillow's bilinear) to 224x224. The input pipeline of photos does the same to a reader's upload, to the bit.

    Args:
        folder: Holds `train/` and `test/`.
        split: Which of them.
        classes: Folder names to expect; by default all that exist, sorted.

    Returns:
        Images `(n, 224, 224, 3) uint8`, in the order of classes and file names.

    Raises:
        DataError: If the split or a class is missing, a class is empty, or an image cannot be read or is too small.
    """
    found = class_folders(folder, split)
    wanted = classes if classes is not None else found
    place, kept = folder / split, _CACHE.get()
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
        raise DataError(f"{place}: no such folder; expected {split}/<class>/<image> in {folder}")
    found = sorted(path.name for path in place.iterdir() if path.is_dir())
    if not found:
        raise DataError(f"{place}: contains no class folder; put the images of each class into {split}/<class>/")
    return found


def image_files(folder: Path) -> list[Path]:
    """The images of a class, sorted by name.

    Raises:
        DataError: If there are none.
    """
    shown = (path for path in folder.iterdir() if not path.name.startswith("."))
    files = sorted(path for path in shown if path.suffix.lower() in ENDINGS)
    if not files:
        raise DataError(
            f"{folder}: this class folder contains no image ({', '.join(sorted(ENDINGS))}); add some, or remove it"
        )
    return files


def read_image(path: Path) -> Images:
    """One photo as `(224, 224, 3) uint8`.

    Raises:
        DataError: If it cannot be read, is truncated, or is smaller than 16 pixels a side.
    """
    try:
        with Image.open(path) as opened:
            if opened.width * opened.height > LARGEST:
                raise DataError(
                    f"{path}: {opened.width}x{opened.height} pixels are too many; at most {LARGEST:,} are allowed"
                )
            image, turn = _on_white(opened), _turn(opened)
    except DataError:
        raise
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: not a readable image ({error}); remove or replace it") from error
    if min(image.size) < SMALLEST:
        raise DataError(
            f"{path}: {image.width}x{image.height} pixels are too few; at least {SMALLEST} on each side are required"
        )
    upright = image if turn is None else image.transpose(turn)
    side = min(upright.size)
    left, top = (upright.width - side) // 2, (upright.height - side) // 2
    square = upright.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def _on_white(image: Image.Image) -> Image.Image:
    """The image in RGB, composited on white; of 16-bit grey the upper 8 bits are kept."""
    if image.mode.startswith("I"):
        upper = (np.asarray(image).astype(np.int64) >> 8).clip(0, 255)
        image = Image.fromarray(upper.astype(np.uint8))
    rgba = image.convert("RGBA")
    if rgba.getchannel("A").getextrema() == (255, 255):
        return rgba.convert("RGB")
    white = Image.new("RGBA", rgba.size, "white")
    white.alpha_composite(rgba)
    return white.convert("RGB")


def _turn(image: Image.Image) -> Image.Transpose | None:
    """What turns a loaded image upright, by its EXIF where browsers respect it: in JPEG and PNG, never by XMP."""
    exif = Image.Exif()
    if image.format in ("JPEG", "MPO"):
        exif = image.getexif()
    elif image.format == "PNG":
        exif.load(image.info.get("exif", b""))
    return _TURNS.get(exif.get(ORIENTATION_TAG, 1))


def digest(files: Iterable[Path], base: Path) -> str:
    """SHA-256 over the names (relative to `base`) and bytes of files, in the order given."""
    total = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        total.update(f"{path.relative_to(base).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()
