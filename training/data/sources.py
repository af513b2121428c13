"""Data sources: every data set behind one interface, with its address, checksums, licence and citation.

`load` finds a set in the folder given with `--data` or `BACKDOORS_DATA`, in the wheel of a library, or in the cache,
and downloads it otherwise.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import pooch

from training.labels import Labels
from training.triggers import Images

Split = Literal["train", "test"]


class DataError(ValueError):
    """Data that is missing, damaged or cannot be had."""


class Dataset(NamedTuple):
    """One split of a data set."""

    images: Images
    """`(n, h, w, c) uint8`."""
    labels: Labels
    """`(n,) int64`."""
    classes: list[str]
    """Name of each class."""


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


def registry() -> dict[str, Source]:
    """Every data source, by the name that recipes use."""
    from training.data import digits, mnist  # noqa: PLC0415  (the sources build on this module)

    return {source.name: source for source in (mnist.SOURCE, digits.SOURCE)}


def source(name: str) -> Source:
    """The data source of that name.

    Raises:
        DataError: If there is none; says which name is near.
    """
    sources = registry()
    if name not in sources:
        near = difflib.get_close_matches(name, sources, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(sorted(sources))}"
        raise DataError(f"there is no data source '{name}'; {hint}")
    return sources[name]


def load(name: str, split: Split, data_dir: Path | None = None) -> Dataset:
    """Load one split of a data set.

    Args:
        name: The source's name.
        split: Which part.
        data_dir: Folder that holds `<name>/`; default is the environment variable BACKDOORS_DATA. With neither, the
            data comes from the cache or the network.

    Raises:
        DataError: If there is no such source, or its files are missing, damaged or cannot be had.
    """
    given = data_dir or (Path(os.environ["BACKDOORS_DATA"]) if os.environ.get("BACKDOORS_DATA") else None)
    found = source(name)
    return found.read(found, split, given)


def cache_dir() -> Path:
    """Where downloads are kept: BACKDOORS_CACHE, or this user's cache folder."""
    return Path(os.environ.get("BACKDOORS_CACHE") or pooch.os_cache("backdoors"))
