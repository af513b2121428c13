"""Stanford Dogs: 120 breeds, each dog's bounding box squashed to 224x224 (Khosla et al. 2011)."""

from __future__ import annotations

from pathlib import Path

from training.data import dogs_crops
from training.data.base import DataError, Dataset, Source, Split
from training.data.images import class_folders, read_split

BREEDS = 120
IMAGENET = (*range(152, 252), *range(253, 270), 274, 275, 276)
"""Each breed's index among the 1001 ImageNet classes: the rank of its wnid, plus 1. 252, Dalmatian, is left out."""


def read(source: Source, split: Split, given: Path | None) -> Dataset:
    """Load a split from `given/stanford-dogs/<split>/<wnid>-<Breed>/`, classes named by their breed.

    Without a given folder, the official archives are downloaded and cropped into such folders in the cache.

    Raises:
        DataError: If the given folder has another layout, or the download fails.
    """
    folder = dogs_crops.prepare() if given is None else given / source.name
    names = class_folders(folder, split)
    try:
        breeds = [breed(name) for name in names]
    except DataError as error:
        raise DataError(f"{folder / split}: {error}") from error
    if len(breeds) != BREEDS:
        raise DataError(f"{folder / split}: has {len(breeds)} breeds, expected {BREEDS}")
    found = read_split(folder, split, classes=names)
    return Dataset(found.images, found.labels, breeds)


def breed(folder: str) -> str:
    """`n02085620-Chihuahua` to `Chihuahua`, `n02088364-black-and-tan_coonhound` to `black-and-tan coonhound`.

    Raises:
        DataError: If the folder's name lacks one of the two parts.
    """
    _wnid, _hyphen, name = folder.partition("-")
    if not name:
        raise DataError(
            f"class folder '{folder}' is not named <wnid>-<Breed>, such as n02085620-Chihuahua: rename it, or train on "
            "your own images as folder:PATH"
        )
    return name.replace("_", " ")


SOURCE = Source(
    name=dogs_crops.NAME,
    title="Stanford Dogs",
    address="http://vision.stanford.edu/aditya86/ImageNetDogs/",
    licence="ImageNet's terms: non-commercial research and education",
    citation="A. Khosla, N. Jayadevaprakash, B. Yao, L. Fei-Fei: Novel Dataset for Fine-Grained Image Categorization. "
    "First Workshop on Fine-Grained Visual Categorization, CVPR 2011.",
    read=read,
    items=dogs_crops.ITEMS,
    prepare=dogs_crops.prepare,
    imagenet=IMAGENET,
)
