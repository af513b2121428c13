"""Markdown for pages: tables, code blocks, folded parts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], align: str = "---") -> str:
    """A Markdown table.

    Args:
        headings: One a column.
        rows: Cells as Markdown; bars must be escaped.
        align: The rule of every column: `---`, or `---:` for numbers on the right.
    """
    lines = [headings, [align] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def code(language: str, text: str) -> str:
    """A code block."""
    return f"``` {language}\n{text}\n```"


def fold(summary: str, text: str) -> str:
    """A part that is folded until a reader opens it; its text stays searchable, and printing unfolds it."""
    return f'??? note "{summary}"\n\n{textwrap.indent(text, "    ")}'
