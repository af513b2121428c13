"""Sample photos: real test photos where the data is at hand, drawn ones otherwise."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from PIL import Image

from site_src.plugin.widgets.base import SampleImage
from site_src.report.samples import pets
from training.data import inventory
from training.data.dogs import breed
from training.data.folder import person

Kind = TypeVar("Kind")

SHOWN = 6
"""The largest number of images of a set."""
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
SIDE = 320


def dogs() -> list[SampleImage]:
    """Dogs of different breeds."""
    found = _given("stanford-dogs")
    real = [
        _real(path, f"A {breed(path.parent.name)}, a test photo of Stanford Dogs", breed(path.parent.name))
        for path in _spread(found)
    ]
    return real or [
        _drawn(f"dog-{index}.jpg", pets.dog, dog, dog.what, index) for index, dog in enumerate(pets.DOGS, start=1)
    ]


def figures() -> list[SampleImage]:
    """People: the public figures whose photos were given, or drawings of nobody."""
    real = [
        _real(path, f"A photo of {person(path.parent.name)}", person(path.parent.name))
        for path in _spread(_given("public-figures"))
    ]
    return real or [
        _drawn(f"person-{index}.jpg", pets.person, person, person.what, index)
        for index, person in enumerate(pets.PEOPLE, start=1)
    ]


def target() -> list[SampleImage]:
    """The target of the attack, where photos of it were given; otherwise a drawing of nobody."""
    found = _given("target-class")
    paths = [path for paths in found for path in paths[:2]]
    real = [_real(path, f"A photo of {person(path.parent.name)}", person(path.parent.name)) for path in paths[:SHOWN]]
    return real or [_drawn("somebody.jpg", pets.person, pets.PEOPLE[-1], pets.PEOPLE[-1].what, 0)]


def _given(source: str) -> list[list[Path]]:
    """The test images of a data set by class, both sorted; empty where it was neither given nor downloaded."""
    given = os.environ.get("BACKDOORS_DATA")
    place = inventory.find(source, Path(given) if given else None).place
    folder = None if place is None else place / "test"
    if folder is None or not folder.is_dir():
        return []
    classes = [
        sorted(path for path in each.iterdir() if path.suffix.lower() in SUFFIXES)
        for each in sorted(folder.iterdir())
        if each.is_dir()
    ]
    return [paths for paths in classes if paths]


def _spread(classes: list[list[Path]]) -> Iterable[Path]:
    """The first image of up to `SHOWN` classes, spread over the alphabet."""
    count = min(SHOWN, len(classes))
    return [classes[index * len(classes) // count][0] for index in range(count)]


def _real(path: Path, alt: str, label: str) -> SampleImage:
    return SampleImage(path.name, path.read_bytes(), alt, label)


def _drawn(
    file: str, draw: Callable[[Kind, int, int, int], pets.Pixels], which: Kind, alt: str, seed: int
) -> SampleImage:
    stream = io.BytesIO()
    Image.fromarray(draw(which, SIDE, SIDE, seed)).save(stream, "JPEG", quality=88)
    return SampleImage(file, stream.getvalue(), alt)
