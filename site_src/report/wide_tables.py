"""A Markdown extension: every table stands in a box that scrolls where the table is wider than the page.

A table that scrolled itself would lose its role for screen readers, and the theme's own box cannot be reached with a
keyboard. This one is a region with a name and takes the focus.
"""

from __future__ import annotations

import re
from collections import Counter
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from markdown.util import ETX, STX

_HEADING = re.compile(r"h[1-6]")
_STASHED = re.compile(f"{STX}[^{ETX}]*{ETX}")
"""What the parser has put aside, as code and links in a heading."""
_AFTER_INLINE, _BEFORE_CONTENTS = 20, 5
"""Priorities of the steps between which headings hold their text and no permalink yet."""


class _Boxes(Treeprocessor):  # type: ignore[misc]  # Markdown has no types
    """Puts each table of a page into its box."""

    def run(self, root: Element) -> None:
        parents = {child: parent for parent in root.iter() for child in parent}
        used: Counter[str] = Counter()
        heading = ""
        for element in list(root.iter()):
            if _HEADING.fullmatch(element.tag):
                heading = _STASHED.sub("", "".join(element.itertext())).strip()
            elif element.tag == "table":
                used[heading] += 1
                number = f" {used[heading]}" if used[heading] > 1 else ""
                _enclose(element, parents[element], f"{heading}, table{number}" if heading else f"Table{number}")


def _enclose(table: Element, parent: Element, name: str) -> None:
    attributes = {"class": "bd-scroll", "role": "region", "aria-label": name, "tabindex": "0"}
    box = Element("div", attributes)
    box.tail, table.tail = table.tail, None
    table.set("class", "bd-table")
    parent[list(parent).index(table)] = box
    box.append(table)


class WideTables(Extension):  # type: ignore[misc]  # as above
    """The extension, as `mkdocs.yml` names it."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the name is Markdown's
        """Register the step."""
        md.treeprocessors.register(_Boxes(md), "wide-tables", (_AFTER_INLINE + _BEFORE_CONTENTS) / 2)


def makeExtension(**options: object) -> WideTables:  # noqa: N802 - the name is Markdown's
    """What Markdown calls to make the extension."""
    return WideTables(**options)
