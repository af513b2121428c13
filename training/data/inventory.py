"""What data there is, where it lies, and whether it is what it should be."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from training.data import pictures
from training.data import registry as sources
from training.data.base import DataError, Source, Split, cache_dir
from training.data.fetch import archive
from training.data.fetch.download import obtain, sha256_inside
from training.data.fetch.items import Collection, Item
from training.data.fetch.pins import Pins

State = Literal["given", "in the cache", "comes with a library", "to be fetched", "to be given"]
_SPLITS: tuple[Split, ...] = ("train", "test")


class Check(NamedTuple):
    """The verdict on a file or folder."""

    path: Path
    good: bool
    said: str


@dataclass(frozen=True)
class Entry:
    """A data set or a collection of files, and where it lies."""

    what: Source | Collection
    given: Path | None
    """The folder named with `--data` or BACKDOORS_DATA."""

    @property
    def name(self) -> str:
        """The name it is asked for by."""
        return self.what.name

    @property
    def kind(self) -> str:
        """Whether recipes can train on it."""
        return "data set" if isinstance(self.what, Source) else "files"

    @property
    def items(self) -> tuple[Item, ...]:
        """What is downloaded of it."""
        return self.what.downloads if isinstance(self.what, Source) else self.what.items

    @property
    def bundled(self) -> bool:
        """Whether it comes with a library."""
        return isinstance(self.what, Source) and self.what.bundled

    @property
    def cache(self) -> Path:
        """Its folder in the cache."""
        return cache_dir() / self.name

    @property
    def place(self) -> Path | None:
        """The folder it lies in, or its one file; None if it is nowhere, not whole, or comes with a library."""
        for folder in self._folders():
            if any((folder / split).is_dir() for split in _SPLITS):
                return folder
            if self.items and all((folder / item.name).is_file() for item in self.items):
                return folder / self.items[0].name if folder == self.given else folder
        return None

    @property
    def state(self) -> State:
        """Whether it is at hand."""
        if self.bundled:
            return "comes with a library"
        place = self.place
        if place is None:
            return "to be fetched" if self.items else "to be given"
        return "given" if self.given is not None and place.is_relative_to(self.given) else "in the cache"

    def _folders(self) -> Iterator[Path]:
        """Where it may lie: in a folder of its own, or, as a file, beside the others' folders."""
        if self.given is not None:
            yield self.given / self.name
            if len(self.items) == 1:
                yield self.given
        if isinstance(self.what, Source) and self.what.prepare is not None:
            yield self.cache / "crops"
        if self.items:
            yield self.cache

    def verify(self, pins: Pins) -> list[Check]:
        """Check every file that is at hand.

        Raises:
            DataError: If the lock file is damaged.
        """
        if self.bundled:
            return []
        place = self.place
        if place is None:
            return [Check(self.cache, False, f"{self.name} is {self.state}")]
        if any((place / split).is_dir() for split in _SPLITS):
            return [_check_pictures(place, split) for split in _SPLITS]
        folder = place.parent if place.is_file() else place
        return [_check_file(item, folder / item.name, pins, f"{self.name}/{item.name}") for item in self.items]

    def fetch(self, pins: Pins) -> Path | None:
        """Download what is missing, verify, unpack; returns the folder in the cache, None for what is bundled.

        Raises:
            DataError: If it cannot be had; nothing half-written is left.
        """
        if self.bundled:
            return None
        if not self.items:
            raise DataError(
                f"{self.what.title} cannot be downloaded: give a folder with {self.name}/<split>/<class>/ in it with "
                "--data DIR or BACKDOORS_DATA"
            )
        if isinstance(self.what, Source) and self.what.prepare is not None:
            return self.what.prepare()
        for item in self.items:
            path = obtain(item, self.cache, pins)
            if item.archive:
                archive.unpack(path, self.cache / Path(item.name).stem, sha256_inside(path))
        return self.cache

    def fetch_anew(self, pins: Pins) -> Path | None:
        """As `fetch`, pinning what comes now; what was there is put back if that fails.

        Raises:
            DataError: If it cannot be had.
        """
        unpublished = [item.name for item in self.items if item.sha256 is None]
        before = {name: pins.find(f"{self.name}/{name}") for name in unpublished}
        aside = {self.cache / name: self.cache / f".{name}.before" for name in unpublished}
        for path, kept in aside.items():
            if path.is_file():
                path.replace(kept)
            pins.drop(f"{self.name}/{path.name}")
        try:
            return self.fetch(pins)
        except BaseException:
            for path, kept in aside.items():
                pin = before[path.name]
                if kept.is_file():
                    kept.replace(path)
                if pin is not None:
                    pins.drop(f"{self.name}/{path.name}")
                    pins.add(f"{self.name}/{path.name}", pin.sha256, pin.bytes, pin.address)
            raise
        finally:
            for kept in aside.values():
                kept.unlink(missing_ok=True)


def entries(given: Path | None) -> dict[str, Entry]:
    """Everything there is, by name: data sets, then collections of files."""
    known: list[Source | Collection] = [*sources.SOURCES.values(), *sources.COLLECTIONS.values()]
    return {each.name: Entry(each, given) for each in known}


def find(name: str, given: Path | None) -> Entry:
    """The data set or collection of that name.

    Raises:
        DataError: If there is none; says which name is near.
    """
    known = entries(given)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(known)}"
        raise DataError(f"there is no data '{name}'; {hint}")
    return known[name]


def _check_file(item: Item, path: Path, pins: Pins, key: str) -> Check:
    """Compare a file with its published or pinned checksum."""
    pin = None if item.sha256 else pins.find(key)
    expected = item.sha256 or (pin.sha256 if pin else None)
    try:
        found = sha256_inside(path)
    except DataError as error:
        return Check(path, False, str(error).removeprefix(f"{path}: "))
    if expected is None:
        return Check(
            path, False, f"SHA-256 {found[:12]}… is neither published nor pinned; `backdoors data fetch` pins it"
        )
    whose = "published" if pin is None else f"pinned on {pin.first_seen}"
    if found != expected:
        return Check(path, False, f"SHA-256 {found[:12]}… where {expected[:12]}… is {whose}")
    return Check(path, True, f"SHA-256 {found[:12]}… as {whose}")


def _check_pictures(place: Path, split: Split) -> Check:
    """Read every picture of a split of class folders."""
    folder = place / split
    try:
        classes = sorted(path for path in folder.iterdir() if path.is_dir())
        files = [path for each in classes for path in pictures.picture_files(each)]
        for path in files:
            pictures.read_picture(path)
    except DataError as error:
        return Check(folder, False, str(error))
    except OSError as error:
        return Check(folder, False, f"cannot be read: {error.strerror or error}")
    return Check(folder, bool(files), f"{len(files):,} pictures in {len(classes)} classes can be read")
