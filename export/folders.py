"""Folders replaced whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """A new, empty folder to fill; on success it takes the place of `folder`, on failure it is removed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(mkdtemp(prefix=f".{folder.name}-", suffix=".tmp", dir=folder.parent))
    try:
        new.chmod(0o755)
        yield new
        old = Path(mkdtemp(prefix=f".{folder.name}-old-", suffix=".tmp", dir=folder.parent))
        try:
            if folder.exists():
                folder.replace(old / folder.name)
            new.replace(folder)
        finally:
            if not folder.exists() and (old / folder.name).exists():
                (old / folder.name).replace(folder)
            shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)
