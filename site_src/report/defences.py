"""What `backdoors defend` measured, as an accessible table: any defence's verdict, beside its clean control's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from export.card.schema import ModelCard
from site_src.plugin.expressions import FactError
from site_src.plugin.facts import interval
from site_src.plugin.formats import percent, samples
from site_src.report.figures import render
from training.core.errors import RunError
from training.core.metrics import Estimate
from training.studies.schema import Cell, Defences, read_defences


class Shown(NamedTuple):
    """A value of the table."""

    value: str
    """A proportion in per cent, or a text."""
    certainty: str = ""
    """The number of samples and the interval; empty for a text."""


class Line(NamedTuple):
    """A row of the table."""

    defence: str
    finding: str
    found: Shown
    control: Shown | None
    """None if there is no control, or it has no such finding."""


def section(folder: Path, card: ModelCard, heading: str, place: Callable[[str], str]) -> str:
    """What defences said of a model, or of the run that it was exported from; empty if nothing was measured.

    Args:
        folder: Where `backdoors defend` writes.
        card: The model's.
        heading: Begins a heading of Markdown, for example `####`.
        place: Puts HTML between the page's paragraphs.

    Raises:
        FactError: If the file cannot be read.
    """
    path = folder / f"{card.id}.json"
    if not path.is_file():
        return ""
    try:
        found = read_defences(path)
    except RunError as error:
        raise FactError(str(error)) from error
    files = {file.sha256 for file in card.files}
    recipe = card.provenance.recipe_sha256 if card.provenance else None
    ours = [each for each in found.networks if each.sha256 in files or (recipe and each.recipe_sha256 == recipe)]
    tables = [place(table(found, each.sha256)) for each in ours if found.cells_of(each.sha256)]
    return "\n\n".join([f"{heading} What defences make of it {{ #{card.id}-defences }}", *tables]) if tables else ""


def table(found: Defences, sha256: str) -> str:
    """The table of one network, as HTML.

    Args:
        found: The results.
        sha256: Of the network's weights.

    Raises:
        FactError: If there is no such network.
    """
    network = found.network(sha256)
    if network is None:
        raise FactError(f"defences were not measured on a network with the hash {sha256[:12]}")
    control = found.network(network.control) if network.control else None
    cells = found.cells_of(sha256)
    several = len({cell.seed for cell in cells}) > 1
    lines = [line for cell in cells for line in _lines(cell, found.beside(cell), several=several)]
    return render("defences-table", network=network, control=control, lines=lines)


def _lines(cell: Cell, control: Cell | None, *, several: bool) -> Iterator[Line]:
    """A row for each finding; a single one with the reason if there is none."""
    name = f"{cell.title}, seed {cell.seed}" if several else cell.title
    beside = dict(control.verdict.findings) if control and control.verdict else {}
    if cell.verdict is None:
        said = "cannot be used" if cell.status == "not-applicable" else "failed"
        yield Line(name, said, Shown(cell.reason or ""), Shown(control.reason) if control and control.reason else None)
        return
    for finding, value in cell.verdict.findings:
        yield Line(name, finding, _shown(value), _shown(beside[finding]) if finding in beside else None)


def _shown(value: Estimate | str) -> Shown:
    if isinstance(value, str):
        return Shown(value)
    return Shown(percent(value.value, value.n), f"{samples(value.n)}, {interval(value)}")
