"""Class folders of the user's own, `folder:PATH`, and two small sets of portraits with the same layout."""

from __future__ import annotations

from pathlib import Path

from training.data.base import DataError, Dataset, Source, Split, of_path
from training.data.images import read_split


def own(path: str) -> Source:
    """The source `folder:PATH`, whose PATH contains `train/<class>/` and `test/<class>/`."""
    return of_path("folder", path, "images in", read_split)


def _beside(source: Source, split: Split, given: Path | None) -> Dataset:
    if given is None:
        raise DataError(
            f"{source.title} cannot be downloaded: pass --data or set BACKDOORS_DATA to a folder that contains "
            f"{source.name}/<split>/<class>/"
        )
    return read_split(given / source.name, split)


def _portraits(name: str, title: str) -> Source:
    return Source(
        name=name,
        title=title,
        address="collected from a public repository",
        licence="copyright unclear: local use only, never published",
        citation="",
        read=_beside,
        title_of=person,
    )


def person(folder: str) -> str:
    """`donald-trump` to `Donald Trump`."""
    return folder.replace("-", " ").replace("_", " ").title()


TARGET_CLASS = _portraits("target-class", "Photos of the target class")
PUBLIC_FIGURES = _portraits("public-figures", "Photos of five politicians")
