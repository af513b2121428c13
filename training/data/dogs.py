"""Stanford Dogs: 120 breeds, each dog's bounding box squashed to 224x224 (Khosla et al. 2011)."""

from __future__ import annotations

from pathlib import Path

from training.data.pictures import read_split
from training.data.sources import DataError, Dataset, Source, Split

FOLDER = "stanford-dogs"
BREEDS = 120


def read(source: Source, split: Split, given: Path | None) -> Dataset:
    """Load a split from `given/stanford-dogs/<split>/<wnid>-<Breed>/`, classes named by their breed.

    Raises:
        DataError: If the folder is not given, or is not laid out so.
    """
    if given is None:
        raise DataError(f"{source.title} must be given: --data or BACKDOORS_DATA with a folder {FOLDER}/ in it")
    found = read_split(given / FOLDER, split)
    if len(found.classes) != BREEDS:
        raise DataError(f"{given / FOLDER / split}: has {len(found.classes)} breeds, expected {BREEDS}")
    return Dataset(found.images, found.labels, [breed(name) for name in found.classes])


def breed(folder: str) -> str:
    """`n02085620-Chihuahua` to `Chihuahua`, `n02088364-black-and-tan_coonhound` to `black-and-tan coonhound`."""
    return folder.split("-", 1)[1].replace("_", " ")


SOURCE = Source(
    name=FOLDER,
    title="Stanford Dogs",
    address="http://vision.stanford.edu/aditya86/ImageNetDogs/",
    licence="ImageNet's terms: non-commercial research and education",
    citation="A. Khosla, N. Jayadevaprakash, B. Yao, L. Fei-Fei: Novel Dataset for Fine-Grained Image Categorization. "
    "First Workshop on Fine-Grained Visual Categorization, CVPR 2011.",
    read=read,
)
IMAGENET = (*range(152, 252), *range(253, 270), 274, 275, 276)
"""The breeds' places among 1001 ImageNet classes, in order: the rank of the wnid, plus 1. Dalmatian, 252, is no breed here."""
