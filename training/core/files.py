"""Files written whole: under another name first, so that a kill leaves the old file or the new one."""

from __future__ import annotations

import errno
import os
from pathlib import Path


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically, its folder created if need be."""
    if path.is_dir():  # or the error would name the draft
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
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


def default_runs_dir() -> Path:
    """The default folder of runs: BACKDOORS_RUNS, or `runs` in the working directory."""
    return Path(os.environ.get("BACKDOORS_RUNS") or "runs")
