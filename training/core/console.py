"""The consoles: results go to stdout, everything else to stderr; neither interprets markup in what it prints."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from training.core.text import printable

WIDTH_OF_A_FILE = 200
"""Columns of a table that no terminal shows: a file or another program reads it, and nothing is cut."""


def stderr_console(*, quiet: bool = False) -> Console:
    """A console for progress and remarks."""
    return Console(stderr=True, quiet=quiet, highlight=False, markup=False, emoji=False)


def stdout_console() -> Console:
    """A console for tables, as wide as the terminal."""
    width = None if sys.stdout.isatty() else WIDTH_OF_A_FILE
    return Console(width=width, highlight=False, markup=False, emoji=False)


def table(*columns: str, title: str | None = None, rows: list[list[str]]) -> Table:
    """A table of plain text; a cell may come from a file, so what a terminal would obey in it is escaped."""
    made = Table(*columns, title=None if title is None else printable(title), box=None)
    for row in rows:
        made.add_row(*map(printable, row))
    return made
