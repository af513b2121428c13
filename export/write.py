"""Files written whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp, mkstemp


def write_bytes(path: Path, data: bytes) -> Path:
    """Write a file under a temporary name beside its place, then move it there; returns `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = mkstemp(prefix=f".{path.name}-", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def write_text(path: Path, text: str) -> Path:
    """Write a UTF-8 text file whole; returns `path`."""
    return write_bytes(path, text.encode())


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
