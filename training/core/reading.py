"""Files from other people, read with care: ordinary files only, and only up to a size.

A pipe would wait for ever, and `/dev/zero` would fill the memory.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from io import BufferedReader
from pathlib import Path

TEXT_BYTES = 64 << 20
"""The most that a card, a recipe or a list of labels may hold."""
IMAGE_BYTES = 256 << 20
"""The most that an image file may hold."""
POINTER = b"version https://git-lfs.github.com/spec/"
"""How a file begins that Git LFS puts in the place of a large one."""
_POINTER_BYTES = 1024


def open_ordinary(path: Path) -> BufferedReader:
    """Open an ordinary file for reading; links are followed.

    Raises:
        OSError: If it is no ordinary file, one that Git LFS has not fetched yet, or cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):  # before it is opened: opening some devices does something
        raise _refused(path, "is a folder" if path.is_dir() else "is not an ordinary file")
    stream = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")
    try:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise _refused(path, "is not an ordinary file")
        if os.fstat(stream.fileno()).st_size <= _POINTER_BYTES and stream.read(len(POINTER)) == POINTER:
            raise _refused(path, "is a pointer of Git LFS, not the file itself; fetch it with: git lfs pull")
        stream.seek(0)
    except BaseException:
        stream.close()
        raise
    return stream


def read_bytes(path: Path, most: int) -> bytes:
    """The content of an ordinary file.

    Args:
        path: The file.
        most: The number of bytes that it may hold.

    Raises:
        OSError: As `open_ordinary`, and if the file is larger.
    """
    with open_ordinary(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        content = stream.read(min(size, most) + 1)  # not `most`: that much memory would be taken before it is read
        if len(content) > size:  # it grows while it is read, or lies in /proc
            content += stream.read(most)
    if len(content) > most:
        raise _refused(path, f"holds more than {most:,} bytes")
    return content


def sha256(path: Path) -> str:
    """SHA-256 of an ordinary file, in hexadecimal.

    Raises:
        OSError: As `open_ordinary`.
    """
    with open_ordinary(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _refused(path: Path, why: str) -> OSError:
    """An error whose `strerror` says why, as those of the system do."""
    return OSError(errno.EINVAL, f"it {why}", str(path))
