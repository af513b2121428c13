"""Files written whole: under another name first, so that a kill leaves the old file or the new one."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from tempfile import TemporaryFile

from training.core.errors import RunError


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically, its folder created if need be."""
    if path.is_dir():  # or the error would name the draft
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():  # it would be replaced: /dev/null, for all programs
        raise OSError(errno.EINVAL, "it is not an ordinary file", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")  # two processes may write the same file at once
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def write_text(path: Path, content: str) -> None:
    """Write a UTF-8 text file atomically, its folder created if need be."""
    write_bytes(path, content.encode())


def require_writable_file(path: Path) -> None:
    """Refuse a path that no file can be written to, before hours of work rather than after.

    Raises:
        RunError: If it is a folder, a pipe or a device, or its folder takes no files.
    """
    if path.is_dir():
        raise RunError(f"{path}: this is a folder; give the path of a file")
    if path.exists() and not path.is_file():
        raise RunError(f"{path}: this is not an ordinary file; give another path")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror or error}); give another path") from error


def default_runs_dir() -> Path:
    """The default folder of runs: BACKDOORS_RUNS, or `runs` in the working directory."""
    return Path(os.environ.get("BACKDOORS_RUNS") or "runs")
