"""What is wrong with a page, and where: problems are collected, so that authors see all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from training.core import text


@dataclass(frozen=True)
class Problem:
    """One mistake of an author."""

    line: int
    """Line in the Markdown file, counted from 1."""
    message: str

    def at(self, page: str) -> str:
        """The problem as `page:line: message`, which editors turn into a link."""
        return f"{page}:{self.line}: {self.message}"


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """A hint that ends an error message: the nearest known word, else every known word, else nothing."""
    words = sorted(known)
    hint = text.did_you_mean(wrong, words, f"known: {', '.join(words)}")
    return f"; {hint}" if words else ""
