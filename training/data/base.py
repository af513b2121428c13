"""What every data set is made of: the data, where it comes from, and where downloads are kept."""

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
    """Data that is missing, damaged or cannot be had."""


class Dataset(NamedTuple):
    """One split of a data set."""

    images: Images
    """`(n, h, w, c) uint8`."""
    labels: Labels
    """`(n,) int64`."""
    classes: list[str]
    """Name of each class, as recipes write it."""
    titles: list[str] | None = None
    """Name of each class, as people read it; None where that is the same."""

    @property
    def labels_text(self) -> list[str]:
        """What a network of these classes is to answer with."""
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
    """File name -> SHA-256 of the file, of what is inside it for a compressed one."""
    imagenet: tuple[int, ...] = ()
    """The place of each class among the classes of the ImageNet weights; empty where they do not know them."""
    items: tuple[Item, ...] = ()
    """What is downloaded, where that is not simply `sha256`'s files from `mirrors`."""
    prepare: Callable[[], Path] | None = None
    """Download, and make from that what `read` reads; returns its folder. None where the downloads are what is read."""
    bundled: bool = False
    """Whether it comes with a library and is always there."""
    title_of: Callable[[str], str] = str
    """From a class to its name as people read it."""

    @property
    def downloads(self) -> tuple[Item, ...]:
        """Every file that is downloaded; none for what is bundled or must be given."""
        plain = (Item(name, tuple(at + name for at in self.mirrors), sha256) for name, sha256 in self.sha256.items())
        return self.items or tuple(plain)


def cache_dir() -> Path:
    """Where downloads are kept: BACKDOORS_CACHE, or this user's cache folder."""
    return Path(os.environ.get("BACKDOORS_CACHE") or platformdirs.user_cache_dir("backdoors"))
