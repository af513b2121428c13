"""Progress bars: one style for training, measuring and downloads, on stderr and gone when they are done."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from training.core.console import stderr_console
from training.core.text import printable


class Advance(Protocol):
    """Moves a bar."""

    def __call__(self, steps: int, words: str | None = None, /) -> None:
        """Add `steps`; `words`, where given, replace the bar's description."""


Received = Callable[[int, int | None], None]
"""Called with the bytes received so far and the bytes expected, None where the server does not say."""


@contextlib.contextmanager
def progress_bar(console: Console, words: str, total: int, done: int = 0) -> Iterator[Advance]:
    """A bar over `total` steps, `done` of which were made before."""
    with _bar(console, MofNCompleteColumn(), TimeElapsedColumn()) as bar:
        task = bar.add_task(printable(words), total=total, completed=done)

        def advance(steps: int, words: str | None = None, /) -> None:
            bar.update(task, advance=steps, description=None if words is None else printable(words))

        yield advance


@contextlib.contextmanager
def download_bar(name: str) -> Iterator[Received]:
    """A bar over the bytes of a download."""
    with _bar(stderr_console(), DownloadColumn(), TransferSpeedColumn()) as bar:
        task = bar.add_task(printable(name), total=None)
        yield lambda have, total: bar.update(task, completed=have, total=total)


def _bar(console: Console, *columns: ProgressColumn) -> Progress:
    """A bar with the columns between it and the time left.

    It is drawn in terminals and notebooks only: in a log it would leave empty lines. The environment variable
    BACKDOORS_QUIET hides it everywhere.
    """
    watched = console.is_terminal or console.is_jupyter
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        *columns,
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not watched or bool(os.environ.get("BACKDOORS_QUIET")),
    )
