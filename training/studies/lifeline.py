"""End a process with another one, however that ends: a lock is held as long as the other lives."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """Hold a lock in a folder; yields its file. The system lets go of it when this process dies."""
    path = folder / f"alive-{os.getpid()}.lock"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(path):
        yield path
    path.unlink(missing_ok=True)


def end_with(path: Path, patience: float) -> None:
    """Have this process end when nobody holds that lock any more.

    Args:
        path: The lock's file.
        patience: Seconds between SIGTERM, by which it may save what it has, and its end.
    """
    threading.Thread(target=_wait, args=(path, patience), daemon=True).start()


def _wait(path: Path, patience: float) -> None:
    with FileLock(path, poll_interval=0.5):
        path.unlink(missing_ok=True)  # others that wait make it anew, and find nobody holds it
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(patience)
    os._exit(128 + signal.SIGTERM)
