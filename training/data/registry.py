"""Data sources: all data sets behind one interface, with its address, checksums, licence and citation.

`load` finds a set in the folder given with `--data` or `BACKDOORS_DATA`, in the wheel of a library, or in the cache,
and downloads it otherwise.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from training.core.text import did_you_mean
from training.data import digits, dogs, folder, lab, mnist, project_2020, sample_photos, weights
from training.data.base import DataError, Dataset, Source, Split
from training.data.fetch.items import Collection

SOURCES: dict[str, Source] = {
    each.name: each for each in (mnist.SOURCE, digits.SOURCE, dogs.SOURCE, folder.TARGET_CLASS, folder.PUBLIC_FIGURES)
}
"""Every data set, by the name that recipes use."""
COLLECTIONS: dict[str, Collection] = {
    each.name: each for each in (weights.IMAGENET, sample_photos.COLLECTION, *project_2020.COLLECTIONS)
}
"""Collections of files that are not data sets, by name."""


def source(name: str) -> Source:
    """The data set of that name; `folder:PATH` is the user's own class folders, `lab:PATH` the images of a lab.

    Raises:
        DataError: If it does not exist; suggests a similar name.
    """
    if name.startswith("folder:"):
        return folder.own(name.removeprefix("folder:"))
    if name.startswith("lab:"):
        return lab.own(name.removeprefix("lab:"))
    if name in COLLECTIONS:
        raise DataError(f"'{name}' is a collection of files, not a data set: `backdoors data fetch {name}` gets them")
    if name not in SOURCES:
        hint = did_you_mean(name, SOURCES, f"there are: {', '.join(sorted(SOURCES))}, folder:PATH, lab:PATH")
        raise DataError(f"there is no data set '{name}'; {hint}")
    return SOURCES[name]


JOIN = " + "
"""Separates the data sets of a recipe."""


class Part(NamedTuple):
    """One data set of a recipe's data, or some of its classes."""

    source: Source
    classes: list[str] | None
    """None for all of them."""


def parts(name: str) -> list[Part]:
    """Parse a recipe's data name: sources joined by ` + `, each with its selected classes in brackets.

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
    """Load one split of a data set, or of several concatenated.

    Args:
        name: As `parts` takes it.
        split: Which split.
        data_dir: Folder that contains `<name>/`; default is the environment variable BACKDOORS_DATA. With neither, the
            data comes from the cache or the network.

    Raises:
        DataError: If there is no such source or class, two share a class name or have images of different shapes, or
            files are missing, damaged or cannot be downloaded.
    """
    given = data_dir or (Path(os.environ["BACKDOORS_DATA"]) if os.environ.get("BACKDOORS_DATA") else None)
    found = [_only(part, part.source.read(part.source, split, given)) for part in parts(name)]
    if len(found) == 1:
        return found[0]
    shapes = {each.images.shape[1:] for each in found}
    if len(shapes) > 1:
        described = " and ".join(" x ".join(str(side) for side in shape) for shape in sorted(shapes))
        raise DataError(f"data '{name}': its images are {described}; combine only data sets of one shape")
    classes = [label for each in found for label in each.classes]
    twice = sorted({label for label in classes if classes.count(label) > 1})
    if twice:
        raise DataError(f"data '{name}': class '{twice[0]}' occurs twice; leave it out of one with brackets")
    before = np.cumsum([0, *(len(each.classes) for each in found)])
    labels = [each.labels + start for each, start in zip(found, before, strict=False)]
    titles = [title for each in found for title in each.labels_text]
    return Dataset(np.concatenate([each.images for each in found]), np.concatenate(labels), classes, titles)


def load_both(name: str, data_dir: Path | None = None) -> tuple[Dataset, Dataset]:
    """Both splits of a data set, for training and for testing.

    Raises:
        DataError: As `load`, and if the splits have different classes: labels would then disagree.
    """
    train, test = load(name, "train", data_dir), load(name, "test", data_dir)
    if train.classes != test.classes:
        lacking = [each for each in train.classes if each not in test.classes]
        where, missing = ("test", lacking) if lacking else ("train", [*set(test.classes) - set(train.classes)])
        raise DataError(
            f"data '{name}': the {where} split has no class '{min(missing)}', but the other one has; "
            "give both splits the same class folders"
        )
    return train, test


def _only(part: Part, dataset: Dataset) -> Dataset:
    """The samples of the part's classes, in its order of classes, with their titles."""
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
