"""A cell of the table as a reader sees it: a word, a number with its spread, and a second number."""

from __future__ import annotations

from dataclasses import dataclass

from site_src.plugin.formats import THIN, percent
from site_src.report.catching.results import (
    ASR_AFTER,
    ASR_BEFORE,
    AT_1,
    AUROC,
    CLEAN_AFTER,
    CLEAN_BEFORE,
    Family,
    Found,
    measure,
    same,
)
from site_src.report.catching.words import BEST_FIRST, Word, word
from training.core.metrics import Estimate
from training.studies.defence_results import Spread, StudiedAttack, StudiedDefence, TableCell

NO_POISON = "There is nothing to find: none of the training images is poisoned."


@dataclass(frozen=True)
class Shown:
    """What a cell shows."""

    attack: StudiedAttack
    defence: StudiedDefence
    word: Word
    number: str = ""
    spread: str = ""
    """The range over the seeds; empty where it is one number."""
    second: str = ""
    reason: str = ""
    """Why there is no number."""
    rank: float = -1
    """The higher, the better the attack is caught; below 0 where nothing was measured."""
    prefix: str = ""
    """See `Found.prefix`."""

    @property
    def id(self) -> str:
        """Of the cell's details on the page."""
        return f"{self.prefix}{self.defence.name}-{self.attack.name}"


def shown(found: Found, attack: StudiedAttack, defence: StudiedDefence) -> Shown:
    """A cell of the table.

    Raises:
        FactError: If the study has no such cell.
    """
    cell, family = found.cell(attack.name, defence.name), found.family(defence.name)
    said = word(cell, family)
    if not said.tried:
        return Shown(attack, defence, said, reason=cell.reason or NO_POISON, prefix=found.prefix)
    tell = {Family.NETWORK: _network, Family.REPAIR: _repair}.get(family, _samples)
    number, spread, second, success = tell(cell)
    rank = len(BEST_FIRST) - BEST_FIRST.index(said) + success
    return Shown(attack, defence, said, number, spread, second, rank=round(rank, 4), prefix=found.prefix)


def spread_text(found: Spread | None) -> str:
    """The range of a proportion over the seeds; empty if it is one number."""
    if found is None or same(found.values):
        return ""
    return f"{bare(found.low, found.n)} to {percent(found.high, found.n)}"


def bare(value: float, n: int | None) -> str:
    """A percentage without its sign."""
    return percent(value, n).removesuffix(f"{THIN}%")


def count_of(found: Estimate | None) -> str:
    """A proportion as a count: `2 of 3`."""
    return f"{round(found.value * found.n)} of {found.n}" if found else ""


def _samples(cell: TableCell) -> tuple[str, str, str, float]:
    at_1, auroc = measure(cell, AT_1), measure(cell, AUROC)
    if at_1 is None or auroc is None:  # `word` says that the defence cannot apply
        return "", "", "", 0
    return percent(at_1.median, at_1.n), spread_text(at_1), f"AUROC {auroc.median:.2f}", at_1.median


def _network(cell: TableCell) -> tuple[str, str, str, float]:
    alarms = cell.false_alarms
    beside = f"clean {count_of(alarms)}" if alarms else "no control"
    caught = cell.detected.value if cell.detected else 0.0
    return count_of(cell.detected), "", beside, max(0.0, caught - (alarms.value if alarms else 0))


def _repair(cell: TableCell) -> tuple[str, str, str, float]:
    before, after = measure(cell, ASR_BEFORE), measure(cell, ASR_AFTER)
    accuracy, left = measure(cell, CLEAN_BEFORE), measure(cell, CLEAN_AFTER)
    if before is None or after is None or accuracy is None or left is None:  # as above
        return "", "", "", 0
    second = f"accuracy {_change(accuracy, left)}"
    gone = 1 - min(1.0, after.median / before.median) if before.median else 0.0
    return _change(before, after), spread_text(after), second, gone


def _change(before: Spread, after: Spread) -> str:
    return f"{bare(before.median, before.n)} → {percent(after.median, after.n)}"
