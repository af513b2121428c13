"""Folders that are replaced completely or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """A new, empty folder to fill; on success it takes the place of `folder`, on failure it is removed.

    The new folder is filled inside a hidden one, so that whatever a killed program leaves there is not found as
    `*/card.json` and taken for a finished model.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(mkdtemp(prefix=f".{folder.name}-", suffix=".tmp", dir=folder.parent))
    new, old = workshop / folder.name, workshop / "old"
    try:
        new.mkdir()
        yield new
        if folder.exists():
            folder.replace(old)
        try:
            new.replace(folder)
        except OSError:
            if old.exists():
                old.replace(folder)
            raise
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
