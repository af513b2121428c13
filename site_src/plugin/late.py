"""Blocks that come into a page after the plugin has read it: from `pymdownx.snippets`, or from another plugin.

An extension of Markdown sees the text as it is rendered, snippets included.
"""

from __future__ import annotations

from collections.abc import Callable

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

_AFTER_SNIPPETS = 27
"""Snippets are put in at 32, fences become code at 25."""


class LateBlocks(Extension):  # type: ignore[misc]  # Markdown has no types
    """Gives a page's text to a function just before fences become code."""

    def __init__(self, replace: Callable[[str], str]) -> None:
        super().__init__()
        self._replace = replace

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Markdown's name
        """Register the step."""
        md.preprocessors.register(_Step(self._replace, md), "onnx-widgets", _AFTER_SNIPPETS)


class _Step(Preprocessor):  # type: ignore[misc]  # Markdown has no types
    def __init__(self, replace: Callable[[str], str], md: Markdown) -> None:
        super().__init__(md)
        self._replace = replace

    def run(self, lines: list[str]) -> list[str]:
        return self._replace("\n".join(lines)).split("\n")
