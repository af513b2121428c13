"""What every data set provides: its data and its source; and where downloads are kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import platformdirs

from training.core.errors import UserError
from training.data.fetch.items import Item
from training.triggers.base import Images
from training.triggers.labels import Labels

Split = Literal["train", "test"]


class DataError(UserError):
    """Data that is missing, damaged or cannot be downloaded."""


class Dataset(NamedTuple):
    """One split of a data set."""

    images: Images
    """`(n, h, w, c) uint8`."""
    labels: Labels
    """`(n,) int64`."""
    classes: list[str]
    """Name of each class, as recipes write it."""
    titles: list[str] | None = None
    """Name of each class for people; None if the same."""

    @property
    def labels_text(self) -> list[str]:
        """The labels that a network of these classes answers with."""
        return self.titles or self.classes


@dataclass(frozen=True)
class Source:
    """Where a data set comes from."""

    name: str
    title: str
    address: str
    """The page or library that people know it by."""
    licence: str
    citation: str
    read: Callable[[Source, Split, Path | None], Dataset]
    """Load one split: from the given folder if there is one, from cache or network otherwise."""
    mirrors: tuple[str, ...] = ()
    """Addresses that files are fetched from, tried in this order; each ends in a slash."""
    sha256: dict[str, str] = field(default_factory=dict)
    """File name -> SHA-256 of the file, or of its decompressed content."""
    imagenet: tuple[int, ...] = ()
    """Index of each class among those of the ImageNet weights; empty if they lack them."""
    items: tuple[Item, ...] = ()
    """What is downloaded, if not simply the files of `sha256` from `mirrors`."""
    prepare: Callable[[], Path] | None = None
    """Download, and prepare what `read` reads; returns its folder. None if the downloads are read as they are."""
    bundled: bool = False
    """Whether it comes with a library and so is always available."""
    title_of: Callable[[str], str] = str
    """From a class to its name for people."""

    @property
    def downloads(self) -> tuple[Item, ...]:
        """Every file that is downloaded; none if the data is bundled or must be given."""
        plain = (Item(name, tuple(at + name for at in self.mirrors), sha256) for name, sha256 in self.sha256.items())
        return self.items or tuple(plain)


def of_path(kind: str, path: str, title: str, read: Callable[[Path, Split], Dataset]) -> Source:
    """A user's own data, `KIND:PATH`.

    Args:
        kind: What recipes write before the colon.
        path: A folder, of the user's home with `~`.
        title: What it has, before the folder's name.
        read: Load one split from the folder.
    """
    name = Path(path).name
    return Source(
        name=f"{kind}:{path}",
        title=f"{title} {name}",
        address=name,
        licence="the user's own",
        citation="",
        read=lambda _source, split, _given: read(Path(path).expanduser(), split),
    )


def cache_dir() -> Path:
    """Where downloads are kept: BACKDOORS_CACHE, or this user's cache folder."""
    return Path(os.environ.get("BACKDOORS_CACHE") or platformdirs.user_cache_dir("backdoors"))
