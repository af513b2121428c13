"""Markdown for pages: tables and code blocks."""

from __future__ import annotations

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
