"""Studies of defences that the reader made: `backdoors study-defences` leaves them in the folder of runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from site_src.plugin.expressions import FactError
from site_src.report.catching.cells import shown
from site_src.report.catching.details import AddImage, all_details, details
from site_src.report.catching.matrix import ELEMENT, matrix
from site_src.report.catching.results import Found, read
from site_src.report.charts import CHART

Place = Callable[[str, str | None], str]
"""Puts HTML between a page's paragraphs, with the tag of a custom element in it."""


def sections(folder: Path, heading: str, place: Place, add_image: AddImage) -> Iterator[str]:
    """A section for each study in a folder, as Markdown.

    Args:
        folder: Of the runs; other files in it are none of ours.
        heading: Begins a heading of Markdown, for example `##`.
        place: For tables and details.
        add_image: For recovered triggers.

    Raises:
        FactError: If a study's file cannot be read.
    """
    for path in sorted(folder.glob("*.json")):
        content = _content(path)
        if isinstance(content, dict) and {"study", "attacks", "defences"} <= content.keys():
            found = read(path.stem, content, current=False, prefix=f"{path.stem}-")
            title = f"{heading} {found.results.title} {{ #{path.stem} }}"
            yield "\n\n".join([title, found.results.description, *with_details(found, place, add_image)])


def with_details(found: Found, place: Place, add_image: AddImage) -> Iterator[str]:
    """The table of a study and, below it, what its cells lead to; the arguments are those of `sections`."""
    yield place(matrix(found), ELEMENT)
    for defences in found.families.values():
        for defence in defences:
            if len(found.results.attacks) > 1:
                yield place(all_details(found, defence, add_image, defence.title), CHART)
            else:
                only = shown(found, found.results.attacks[0], defence)
                yield place(details(found, only, add_image, defence.title), CHART)


def _content(path: Path) -> Any:  # noqa: ANN401 - whatever JSON the file holds
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise FactError(f"{path}: cannot be read as JSON") from error
