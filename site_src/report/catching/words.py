"""What a defence achieves against an attack, in a word, and the rule by which the word is chosen."""

from __future__ import annotations

from enum import StrEnum

from site_src.plugin.formats import THIN
from site_src.report.catching.results import (
    ASR_AFTER,
    ASR_BEFORE,
    AT_1,
    AT_5,
    CLEAN_AFTER,
    CLEAN_BEFORE,
    Family,
    measure,
)
from training.studies.defence_results import TableCell

FOUND = 0.9
"""Fraction of the poisoned samples that has to be detected at 1 % false alarms, with every seed, to catch an attack."""
MISSED = 0.5
"""The attack slips through if less than this is detected even at 5 % false alarms; the median of the seeds."""
LEFT = 0.1
"""Attack success that a repair may leave, with every seed, to catch an attack."""
COST = 0.02
"""Clean accuracy that it may cost."""
KEPT = 0.5
"""The attack slips through if the repair leaves at least this fraction of its success; the median of the seeds."""


class Word(StrEnum):
    """What a defence achieves."""

    CAUGHT = "caught"
    PARTLY = "partly"
    SLIPS = "slips through"
    CANNOT = "cannot apply"
    FAILED = "failed"
    MISSING = "not measured"

    @property
    def tried(self) -> bool:
        """Whether the defence was tried."""
        return self in BEST_FIRST

    @property
    def slug(self) -> str:
        """For a class of a style sheet."""
        return self.value.replace(" ", "-")


BEST_FIRST = (Word.CAUGHT, Word.PARTLY, Word.SLIPS)
"""What a defence that was tried achieves."""


def word(cell: TableCell, family: Family) -> Word:
    """The word for a cell; `RULES` says the same in sentences.

    A defence that scores samples cannot apply where there is no poisoned sample to find.
    """
    if cell.status != "measured":
        return {"not-applicable": Word.CANNOT, "failed": Word.FAILED, "missing": Word.MISSING}[cell.status]
    if family is Family.NETWORK:
        return _of_network(cell)
    return _of_repair(cell) if family is Family.REPAIR else _of_samples(cell)


def _of_samples(cell: TableCell) -> Word:
    at_1, at_5 = measure(cell, AT_1), measure(cell, AT_5)
    if at_1 is None or at_5 is None:
        return Word.CANNOT
    if at_1.low >= FOUND:
        return Word.CAUGHT
    return Word.SLIPS if at_5.median < MISSED else Word.PARTLY


def _of_network(cell: TableCell) -> Word:
    detected, named, alarms = (each.value if each else 0.0 for each in (cell.detected, cell.named, cell.false_alarms))
    if detected <= alarms:
        return Word.SLIPS
    return Word.CAUGHT if detected == named == 1 and alarms == 0 else Word.PARTLY


def _of_repair(cell: TableCell) -> Word:
    before, after = measure(cell, ASR_BEFORE), measure(cell, ASR_AFTER)
    accuracy, left = measure(cell, CLEAN_BEFORE), measure(cell, CLEAN_AFTER)
    if before is None or after is None or accuracy is None or left is None:
        return Word.CANNOT
    cost = max(first - second for first, second in zip(accuracy.values, left.values, strict=True))
    if after.high <= LEFT and cost <= COST:
        return Word.CAUGHT
    return Word.SLIPS if after.median >= KEPT * before.median else Word.PARTLY


def _whole(fraction: float) -> str:
    return f"{100 * fraction:g}{THIN}%"


_SAMPLES = (
    f"at least {_whole(FOUND)} are found, on every network",
    f"even at 5{THIN}% false alarms less than {_whole(MISSED)} are found",
)

RULES: dict[Family, tuple[str, str, str]] = {
    Family.INPUTS: (
        f"Triggered images that are found while 1{THIN}% of the clean ones raise a false alarm.",
        *_SAMPLES,
    ),
    Family.TRAINING: (
        f"Poisoned training images that are found while 1{THIN}% of the clean ones raise a false alarm.",
        *_SAMPLES,
    ),
    Family.NETWORK: (
        "Backdoored networks that are called backdoored; below, the same for their clean controls.",
        "all are, the class with the highest index is one that the attacker wants, and no control raises a false alarm",
        "no more are called backdoored than controls",
    ),
    Family.REPAIR: (
        "Attack success before and after the repair; below, clean accuracy.",
        f"at most {_whole(LEFT)} are left and clean accuracy falls by at most {100 * COST:g} points, on every network",
        f"at least {_whole(KEPT)} of the attack’s success is left",  # noqa: RUF001
    ),
}
"""For each family what the number in a cell is, when an attack is caught, and when it slips through."""
