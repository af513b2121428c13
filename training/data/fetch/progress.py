"""The progress bar of a download."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

Advance = Callable[[int, int | None], None]
"""Called with the bytes there are and, where the server says so, the bytes there will be."""


@contextlib.contextmanager
def progress(name: str) -> Iterator[Advance]:
    """A progress bar on stderr that appears with the first bytes; BACKDOORS_QUIET turns it off."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=bool(os.environ.get("BACKDOORS_QUIET")),
    )
    with bar:
        task = bar.add_task(name, total=None)
        yield lambda have, total: bar.update(task, completed=have, total=total)
