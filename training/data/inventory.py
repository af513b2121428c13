"""All data sets and collections of files: where each is on this machine, and whether it is intact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from training.core.text import did_you_mean
from training.data import images
from training.data import registry as sources
from training.data.base import DataError, Source, Split, cache_dir
from training.data.fetch import archive
from training.data.fetch.download import obtain, sha256_inside
from training.data.fetch.items import Collection, Item
from training.data.fetch.pins import Pins

State = Literal["provided", "in the cache", "bundled", "not downloaded", "not provided"]
_SPLITS: tuple[Split, ...] = ("train", "test")


class Check(NamedTuple):
    """The result of checking a file or folder."""

    path: Path
    good: bool
    said: str


@dataclass(frozen=True)
class Entry:
    """A data set or a collection of files, and where it is."""

    what: Source | Collection
    given: Path | None
    """The folder named with `--data` or BACKDOORS_DATA."""

    @property
    def name(self) -> str:
        """Its name on the command line."""
        return self.what.name

    @property
    def kind(self) -> str:
        """Whether recipes can train on it."""
        return "data set" if isinstance(self.what, Source) else "files"

    @property
    def items(self) -> tuple[Item, ...]:
        """The files to download."""
        return self.what.downloads if isinstance(self.what, Source) else self.what.items

    @property
    def bundled(self) -> bool:
        """Whether it comes with a library and is always available."""
        return isinstance(self.what, Source) and self.what.bundled

    @property
    def cache(self) -> Path:
        """Its folder in the cache."""
        return cache_dir() / self.name

    @property
    def place(self) -> Path | None:
        """Its folder, or its only file; None if it is missing, incomplete or bundled."""
        for folder in self._folders():
            if any((folder / split).is_dir() for split in _SPLITS):
                return folder
            if self.items and all((folder / item.name).is_file() for item in self.items):
                return folder / self.items[0].name if folder == self.given else folder
        return None

    @property
    def state(self) -> State:
        """Whether it is on this machine, and if not, how to get it."""
        if self.bundled:
            return "bundled"
        place = self.place
        if place is None:
            return "not downloaded" if self.items else "not provided"
        return "provided" if self.given is not None and place.is_relative_to(self.given) else "in the cache"

    def _folders(self) -> Iterator[Path]:
        """Where it may be: in a folder of its own or, as a single file, beside the other folders."""
        if self.given is not None:
            yield self.given / self.name
            if len(self.items) == 1:
                yield self.given
        if isinstance(self.what, Source) and self.what.prepare is not None:
            yield self.cache / "crops"
        if self.items:
            yield self.cache

    def verify(self, pins: Pins) -> list[Check]:
        """Check every file on this machine.

        Raises:
            DataError: If the lock file is damaged.
        """
        if self.bundled:
            return []
        place = self.place
        if place is None:
            return [Check(self.cache, False, f"{self.name} is {self.state}")]
        if any((place / split).is_dir() for split in _SPLITS):
            return [_check_images(place, split) for split in _SPLITS]
        folder = place.parent if place.is_file() else place
        return [_check_file(item, folder / item.name, pins, f"{self.name}/{item.name}") for item in self.items]

    def fetch(self, pins: Pins) -> Path | None:
        """Download what is missing, verify and unpack it; returns the folder in the cache, None if bundled.

        Raises:
            DataError: If it cannot be downloaded; nothing half-written is left.
        """
        if self.bundled:
            return None
        if not self.items:
            raise DataError(
                f"{self.what.title} cannot be downloaded: name a folder that holds {self.name}/<split>/<class>/ with "
                "--data DIR or BACKDOORS_DATA"
            )
        if isinstance(self.what, Source) and self.what.prepare is not None:
            return self.what.prepare()
        for item in self.items:
            path = obtain(item, self.cache, pins)
            if item.archive:
                archive.unpack(path, self.cache / Path(item.name).stem, sha256_inside(path))
        return self.cache

    def fetch_again(self, pins: Pins) -> Path | None:
        """As `fetch`, but pin the current files; the old ones are restored if that fails.

        Raises:
            DataError: If it cannot be downloaded.
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
    """Every data set, then every collection of files, by name."""
    known: list[Source | Collection] = [*sources.SOURCES.values(), *sources.COLLECTIONS.values()]
    return {each.name: Entry(each, given) for each in known}


def find(name: str, given: Path | None) -> Entry:
    """The data set or collection of that name.

    Raises:
        DataError: If there is none; suggests a similar name.
    """
    known = entries(given)
    if name not in known:
        hint = did_you_mean(name, known, f"choose from {', '.join(known)}")
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


def _check_images(place: Path, split: Split) -> Check:
    """Read every image in a split's class folders."""
    folder = place / split
    try:
        classes = sorted(path for path in folder.iterdir() if path.is_dir())
        files = [path for each in classes for path in images.image_files(each)]
        for path in files:
            images.read_image(path)
    except DataError as error:
        return Check(folder, False, str(error))
    except OSError as error:
        return Check(folder, False, f"cannot be read: {error.strerror or error}")
    return Check(folder, bool(files), f"{len(files):,} images in {len(classes)} classes can be read")
