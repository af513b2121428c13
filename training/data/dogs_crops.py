"""Stanford Dogs from its official archives: each dog cropped to its bounding box and squashed to 224x224, once."""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock
from PIL import Image

from training.core.console import stderr_console
from training.core.progress import progress_bar
from training.data.base import DataError, Split, cache_dir
from training.data.fetch import archive
from training.data.fetch.download import obtain
from training.data.fetch.items import GIB, Item
from training.data.images import SIDE

NAME = "stanford-dogs"
ADDRESS = "http://vision.stanford.edu/aditya86/ImageNetDogs/"
IMAGES, ANNOTATION, LISTS = ITEMS = tuple(
    Item(name, (ADDRESS + name,), sha256, most_bytes=GIB, archive=True)
    for name, sha256 in (
        ("images.tar", "a443fc2f9a851aa1a7b8e4fa4af94b8459fce2c9f5a2f4dd4669cf9673a4ec58"),
        ("annotation.tar", "662ed36f707be6b195c2fda392d8e153e83af28cedc8e2134a649f198def30fd"),
        ("lists.tar", "34b47cacd9a98b5d150e084f24d29391c084c55272295ec65c85651bc35f4d6c"),
    )
)
"""The official archives. Stanford publishes no checksums; these are TensorFlow Datasets', for the same addresses."""
QUALITY = 90
"""JPEG quality of the crops."""
DONE = ".made"
"""A file that marks a complete folder of crops."""
_LISTED = re.compile(r"n\d{8}-[\w-]+/n\d{8}_\d+\.jpg")
_SPLITS: tuple[Split, ...] = ("train", "test")


class Box(NamedTuple):
    """Where the dog is, in pixels."""

    left: int
    top: int
    right: int
    bottom: int


def prepare(items: tuple[Item, ...] = ITEMS) -> Path:
    """The folder of crops in the cache, `<split>/<wnid>-<Breed>/<image>.jpg`, made if it is missing.

    The archives are downloaded (0.8 GB) and kept; what is unpacked from them is deleted. Images and split are the
    official ones: 12,000 for training, 8,580 for testing.

    Args:
        items: The archives of images, annotation and lists.

    Raises:
        DataError: If a download fails, or an archive has unexpected content.
    """
    place = cache_dir() / NAME
    made = place / "crops"
    if (made / DONE).is_file():
        return made
    archives = [(item, obtain(item, place)) for item in items]
    with FileLock(place / ".crops.lock"):
        if (made / DONE).is_file():
            return made
        images, annotation, lists = (
            archive.unpack(path, place / path.stem, item.sha256 or "") for item, path in archives
        )
        fresh = place / ".crops.new"
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            cut_all(images / "Images", annotation / "Annotation", lists, fresh)
        except OSError as error:
            shutil.rmtree(fresh, ignore_errors=True)
            raise DataError(f"{fresh}: cannot be written: {error.strerror or error}") from error
        (fresh / DONE).touch()
        shutil.rmtree(made, ignore_errors=True)
        fresh.rename(made)
        for folder in (images, annotation, lists):
            shutil.rmtree(folder, ignore_errors=True)
    return made


def cut_all(images: Path, annotation: Path, lists: Path, out: Path) -> int:
    """Crop every dog of the official split; returns how many.

    Args:
        images: `<breed>/<image>.jpg`.
        annotation: `<breed>/<image>`, XML.
        lists: Contains `train_list.mat` and `test_list.mat`.
        out: Receives `<split>/<breed>/<image>.jpg`.

    Raises:
        DataError: If a file is missing or cannot be read.
    """
    work = [(split, name) for split in _SPLITS for name in listed(lists / f"{split}_list.mat")]
    for folder in {(out / split / name).parent for split, name in work}:
        folder.mkdir(parents=True, exist_ok=True)

    def cut_one(job: tuple[Split, str]) -> None:
        split, name = job
        cut(images / name, box(annotation / name.removesuffix(".jpg")), out / split / name)

    with progress_bar(stderr_console(), "cropping dogs", len(work)) as advance, ThreadPoolExecutor() as pool:
        for _ in pool.map(cut_one, work):
            advance(1)
    return len(work)


def listed(path: Path) -> list[str]:
    """The names in one of the official lists, each `<breed>/<image>.jpg`.

    Raises:
        DataError: If it cannot be read, or has other content.
    """
    from scipy.io import loadmat  # noqa: PLC0415 - slow to import, and needed once
    from scipy.io.matlab import MatReadError  # noqa: PLC0415

    try:
        names = [str(name.item()) for name in loadmat(str(path), variable_names=["file_list"])["file_list"].ravel()]
    except (OSError, KeyError, ValueError, AttributeError, NotImplementedError, MatReadError) as error:
        raise DataError(f"{path}: not a list of Stanford Dogs ({error})") from error
    strange = [name for name in names if not _LISTED.fullmatch(name)]
    if strange or not names:
        raise DataError(f"{path}: not a list of Stanford Dogs (contains {strange[:1]!a})")
    return names


def box(path: Path) -> Box:
    """The box of the first dog in an annotation.

    Raises:
        DataError: If there is none.
    """
    try:
        # the archive's checksum is known
        found = ET.parse(path).getroot().find("object/bndbox")  # noqa: S314
        return Box(*(int(float(_text(found, edge))) for edge in ("xmin", "ymin", "xmax", "ymax")))
    except (OSError, ET.ParseError, ValueError) as error:
        raise DataError(f"{path}: not a readable annotation ({error})") from error


def _text(found: ET.Element | None, edge: str) -> str:
    value = None if found is None else found.findtext(edge)
    if value is None:
        raise ValueError(f"no {edge}")
    return value


def cut(path: Path, box: Box, out: Path) -> None:
    """Write the dog in an image as a JPEG of 224x224, ignoring its aspect ratio.

    Raises:
        DataError: If the image cannot be read or the box lies outside it.
    """
    try:
        with Image.open(path) as opened:
            image = opened.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: not a readable image ({error})") from error
    inside = Box(max(0, box.left), max(0, box.top), min(image.width, box.right), min(image.height, box.bottom))
    if inside.left >= inside.right or inside.top >= inside.bottom:
        raise DataError(f"{path}: the dog's box {tuple(box)} is outside the image of {image.width}x{image.height}")
    image.crop(inside).resize((SIDE, SIDE), Image.Resampling.BILINEAR).save(out, "JPEG", quality=QUALITY)
