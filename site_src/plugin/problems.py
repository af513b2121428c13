"""What is wrong with a page, and where: problems are collected, so that authors see all of them at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


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
    near = difflib.get_close_matches(wrong, words, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; known: {', '.join(words)}" if words else ""
