"""The files that a card lists, compared with what it says of them."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

from export.card.lab import LabFile
from export.card.schema import ModelFile, SharedWeights
from training.core.reading import open_ordinary


def part_problem(folder: Path, part: ModelFile | SharedWeights | LabFile) -> str | None:
    """What is wrong with one of a card's files, in a sentence that names it; None if it is the one on the card.

    Args:
        folder: The card's folder. A link that leads out of it is refused: whoever publishes the folder would publish
            what the link leads to.
        part: What the card says of the file.
    """
    path = folder / part.name
    try:
        size, digest = _measured(path, folder, part.bytes)
    except FileNotFoundError:
        return f"{path}: the file is missing"
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror}"
    if size != part.bytes:
        return f"{path}: {size:,} bytes, the card says {part.bytes:,}"
    return None if digest == part.sha256 else f"{path}: SHA-256 {digest[:12]}…, the card says {part.sha256[:12]}…"


def _measured(path: Path, folder: Path, expected: int) -> tuple[int, str]:
    """The file's size, and its SHA-256 if that is the expected one."""
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
    except RuntimeError as error:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error
    if not inside:
        raise OSError(errno.EINVAL, "it is a link that leads out of its folder; put the file itself there")
    with open_ordinary(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        return size, hashlib.file_digest(stream, "sha256").hexdigest() if size == expected else ""
