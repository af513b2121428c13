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

import numpy as np
import platformdirs

from training.core.errors import UserError
from training.data.fetch.items import Item, collections
from training.triggers.labels import Labels
from training.triggers.registry import Images

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


def registry() -> dict[str, Source]:
    """Every data source, by the name that recipes use."""
    from training.data import digits, dogs, folder, mnist  # noqa: PLC0415  (the sources build on this module)

    known = (mnist.SOURCE, digits.SOURCE, dogs.SOURCE, folder.TARGET_CLASS, folder.PUBLIC_FIGURES)
    return {source.name: source for source in known}


def source(name: str) -> Source:
    """The data source of that name; `folder:PATH` is the user's own class folders.

    Raises:
        DataError: If there is none; says which name is near.
    """
    if name.startswith("folder:"):
        from training.data import folder  # noqa: PLC0415

        return folder.own(name.removeprefix("folder:"))
    sources = registry()
    if name in collections():
        raise DataError(f"'{name}' is a collection of files, not a data set: `backdoors data fetch {name}` gets them")
    if name not in sources:
        near = difflib.get_close_matches(name, sources, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(sorted(sources))}, folder:PATH"
        raise DataError(f"there is no data source '{name}'; {hint}")
    return sources[name]


JOIN = " + "
"""What stands between the data sets of a recipe."""


class Part(NamedTuple):
    """One data set of a recipe's data, or some of its classes."""

    source: Source
    classes: list[str] | None
    """None for all of them."""


def parts(name: str) -> list[Part]:
    """What a recipe's data name means: sources joined by ` + `, each with the classes that are taken in brackets.

    For example `stanford-dogs + target-class`, `mnist[0,1,2,3,4]`.

    Raises:
        DataError: If a source is unknown or a bracket is not closed.
    """
    found = []
    for text in name.split(JOIN):
        plain, bracket, inside = text.partition("[")
        if bracket and not inside.endswith("]"):
            raise DataError(f"data '{text}': a list of classes is written as {plain}[first,second]")
        found.append(Part(source(plain.strip()), inside[:-1].split(",") if bracket else None))
    return found


def load(name: str, split: Split, data_dir: Path | None = None) -> Dataset:
    """Load one split of a data set, or of several put one after the other.

    Args:
        name: As `parts` takes it.
        split: Which split.
        data_dir: Folder that holds `<name>/`; default is the environment variable BACKDOORS_DATA. With neither, the
            data comes from the cache or the network.

    Raises:
        DataError: If there is no such source or class, two have a class of the same name or pictures of other shapes,
            or files are missing, damaged or cannot be had.
    """
    given = data_dir or (Path(os.environ["BACKDOORS_DATA"]) if os.environ.get("BACKDOORS_DATA") else None)
    found = [_only(part, part.source.read(part.source, split, given)) for part in parts(name)]
    if len(found) == 1:
        return found[0]
    shapes = {each.images.shape[1:] for each in found}
    if len(shapes) > 1:
        told = " and ".join(" x ".join(str(side) for side in shape) for shape in sorted(shapes))
        raise DataError(f"data '{name}': its pictures are {told}; put together what has one shape")
    classes = [label for each in found for label in each.classes]
    twice = sorted({label for label in classes if classes.count(label) > 1})
    if twice:
        raise DataError(f"data '{name}': class '{twice[0]}' comes twice; take it out of one with brackets")
    before = np.cumsum([0, *(len(each.classes) for each in found)])
    labels = [each.labels + start for each, start in zip(found, before, strict=False)]
    titles = [title for each in found for title in each.labels_text]
    return Dataset(np.concatenate([each.images for each in found]), np.concatenate(labels), classes, titles)


def load_both(name: str, data_dir: Path | None = None) -> tuple[Dataset, Dataset]:
    """Both splits of a data set, for training and for testing.

    Raises:
        DataError: As `load`, and if the splits do not have the same classes: their numbers would mean others.
    """
    train, test = load(name, "train", data_dir), load(name, "test", data_dir)
    if train.classes != test.classes:
        lacking = [each for each in train.classes if each not in test.classes]
        where, missing = ("test", lacking) if lacking else ("train", [*set(test.classes) - set(train.classes)])
        raise DataError(
            f"data '{name}': the {where} split has no class '{min(missing)}', which the other one has; "
            "give both splits the same class folders"
        )
    return train, test


def _only(part: Part, dataset: Dataset) -> Dataset:
    """The samples of the part's classes, in its order of classes, which are given their titles."""
    titles = [part.source.title_of(name) for name in part.classes or dataset.classes]
    if part.classes is None:
        return dataset._replace(titles=titles)
    missing = [name for name in part.classes if name not in dataset.classes]
    if missing:
        raise DataError(f"{part.source.name} has no class '{missing[0]}'; it has {', '.join(dataset.classes)}")
    wanted = [dataset.classes.index(name) for name in part.classes]
    chosen = np.isin(dataset.labels, wanted)
    renumbered = np.full(len(dataset.classes), -1, dtype=np.int64)
    renumbered[wanted] = np.arange(len(wanted))
    return Dataset(dataset.images[chosen], renumbered[dataset.labels[chosen]], part.classes, titles)


def cache_dir() -> Path:
    """Where downloads are kept: BACKDOORS_CACHE, or this user's cache folder."""
    return Path(os.environ.get("BACKDOORS_CACHE") or platformdirs.user_cache_dir("backdoors"))
