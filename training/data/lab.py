"""Images of an author's own lab, `lab:PATH`: what `backdoors lab-data` wrote, for the recipes that readers download."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from typing import Annotated, NoReturn

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field, ValidationError

from training.core.reading import IMAGE_BYTES, TEXT_BYTES, read_bytes
from training.core.text import one_line
from training.data.base import DataError, Dataset, Source, Split, of_path
from training.data.strata import VALIDATION_SEED, stratified
from training.triggers.base import Images
from training.triggers.labels import Labels

CARD = "lab.json"
SIDE = 28
MOST = 10_000
"""Images that a lab takes."""

Count = Annotated[int, Field(ge=1, le=MOST)]


class _File(BaseModel):
    """The images and labels: raw deflate of all images, then of all labels; each split after the other."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")
    sha256: str
    side: int
    training: Count
    validation: Count
    test: Count


class _Data(BaseModel):
    validation: float = Field(gt=0, lt=1)


class _Recipe(BaseModel):
    data: _Data


class _Card(BaseModel):
    """What is read here of `export.card.lab.LabCard`."""

    labels: list[str] = Field(min_length=2, max_length=256)
    data: _File
    recipe: _Recipe


def own(path: str) -> Source:
    """The source `lab:PATH`, whose PATH contains `lab.json` and its images."""
    return of_path("lab", path, "images of the lab in", read_lab)


def read_lab(folder: Path, split: Split) -> Dataset:
    """Read a split as the lab in the tab has it.

    The training images contain those that the lab gives to the network's owner: a recipe's `data.validation` sets the
    same ones aside if it is the one that the lab's card names.

    Args:
        folder: Holds `lab.json` and the file that it names.
        split: Which of them.

    Returns:
        Images `(n, 28, 28, 1) uint8`, in the order in which the author's files were read.

    Raises:
        DataError: If a file is missing or damaged, or the lab has other images than `backdoors lab-data` makes.
    """
    card = _read_card(folder)
    images, labels = _unpack(folder, card)
    ends = np.cumsum([card.data.training, card.data.validation])
    (training, validation, test), (learnt, owned, tested) = np.split(images, ends), np.split(labels, ends)
    if split == "test":
        return Dataset(test, tested, card.labels)
    aside = _aside(folder, card, learnt, owned)
    both, of_both = np.empty((len(aside), SIDE, SIDE, 1), np.uint8), np.empty(len(aside), np.int64)
    both[aside], both[~aside] = validation, training
    of_both[aside], of_both[~aside] = owned, learnt
    return Dataset(both, of_both, card.labels)


def _read_card(folder: Path) -> _Card:
    path = folder / CARD
    try:
        return _Card.model_validate_json(read_bytes(path, TEXT_BYTES))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "(whole file)"
        raise DataError(f"{path} is no lab's card: field {where}: {one_line(first['msg'])}") from error
    except OSError as error:
        raise DataError(
            f"cannot read {path}: {error.strerror}; put the lab's {CARD} and its images into the folder {folder}"
        ) from error


def _unpack(folder: Path, card: _Card) -> tuple[Images, Labels]:
    """All images and labels, in the file's order."""
    path, data = folder / card.data.name, card.data
    if data.side != SIDE:
        raise DataError(
            f"{folder / CARD}: its images are {data.side}x{data.side}, not {SIDE}x{SIDE} as `lab-data` makes them"
        )
    try:
        packed = read_bytes(path, IMAGE_BYTES)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; it lies beside the lab's {CARD}") from error
    if hashlib.sha256(packed).hexdigest() != data.sha256:
        raise DataError(f"{path} is not the file that {CARD} describes; get both again")
    count = data.training + data.validation + data.test
    content = _inflate(path, packed, count * (SIDE * SIDE + 1))
    images: Images = np.frombuffer(content, np.uint8, count * SIDE * SIDE).copy().reshape(count, SIDE, SIDE, 1)
    labels: Labels = np.frombuffer(content, np.uint8, count, count * SIDE * SIDE).astype(np.int64)
    if labels.max() >= len(card.labels):
        _refuse(path, f"a label is {labels.max()}, and there are {len(card.labels)} classes")
    return images, labels


def _inflate(path: Path, packed: bytes, size: int) -> bytes:
    """Unpack no more than is expected: a small file may hold gigabytes."""
    try:
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)
    except zlib.error as error:
        raise DataError(f"{path} is damaged: {error}") from error
    if len(content) != size:
        _refuse(path, f"it does not unpack to the {size:,} bytes that {CARD} describes")
    return content


def _aside(folder: Path, card: _Card, learnt: Labels, owned: Labels) -> npt.NDArray[np.bool_]:
    """Which of the training images, in the order in which they were read, the lab gives to the network's owner."""
    together = np.sort(np.concatenate([learnt, owned]))  # Files were read class by class.
    aside = stratified(together, len(card.labels), card.recipe.data.validation, VALIDATION_SEED)
    if not (np.array_equal(together[aside], owned) and np.array_equal(together[~aside], learnt)):
        _refuse(folder / CARD, "its images are not in the order of `backdoors lab-data`; write the lab again with it")
    return aside


def _refuse(path: Path, why: str) -> NoReturn:
    raise DataError(f"{path}: {why}")
