"""The study's number that stands beside a paper's claim."""

from __future__ import annotations

from statistics import median

from site_src.plugin.formats import THIN, percent
from site_src.report.catching.cells import bare, count_of, spread_text
from site_src.report.catching.results import (
    ASR_AFTER,
    ASR_BEFORE,
    AT_1,
    AT_5,
    CLEAN_AFTER,
    CLEAN_BEFORE,
    FALSE_ALARMS,
    Found,
    measure,
)
from site_src.report.catching.texts import Asked
from training.defences.verdict import ClassIndices, Decision, SampleScores
from training.studies.defence_results import Spread

NOT_MEASURED = "not measured"
MINUS = "\N{MINUS SIGN}"


def ours(found: Found, asked: Asked) -> str:
    """What the study measured, in the words of what papers claim.

    Raises:
        FactError: If the study has no such cell.
    """
    words = {"alarms": _alarms, "found": _found, "missed": _missed, "f1": _f1, "index": _index, "repair": _repair}
    return words[asked.ours](found, asked)


def f1(decided: Decision) -> float:
    """The F1 score of a decision: twice the hits, over twice the hits, the misses and the false alarms."""
    hits = decided.detected.value * decided.detected.n
    misses, alarms = decided.detected.n - hits, decided.false_alarms.value * decided.false_alarms.n
    return 2 * hits / (2 * hits + misses + alarms) if hits else 0.0


def _found(found: Found, asked: Asked) -> str:
    at_5 = measure(found.cell(asked.attack, asked.defence), AT_5)
    if at_5 is None:
        return NOT_MEASURED
    return f"{_with_range(at_5)} are found while 5{THIN}% of the clean ones raise a false alarm"


def _missed(found: Found, asked: Asked) -> str:
    at_1 = measure(found.cell(asked.attack, asked.defence), AT_1)
    if at_1 is None:
        return NOT_MEASURED
    values = [1 - each for each in at_1.values]
    missed = Spread(values=values, median=1 - at_1.median, low=1 - at_1.high, high=1 - at_1.low, n=at_1.n)
    return f"{_with_range(missed)} pass while 1{THIN}% of the clean ones are rejected"


def _alarms(found: Found, asked: Asked) -> str:
    alarms = measure(found.cell(asked.attack, asked.defence), FALSE_ALARMS)
    return NOT_MEASURED if alarms is None else f"{_with_range(alarms)} of the clean images raise an alarm"


def _f1(found: Found, asked: Asked) -> str:
    verdicts = [each.cell.verdict for each in found.beside(asked.attack, asked.defence)]
    scores = [f1(each.decision) for each in verdicts if isinstance(each, SampleScores) and each.decision]
    if not scores:
        return NOT_MEASURED
    low, high = min(scores), max(scores)
    return f"F1 score {median(scores):.2f}" + (f" ({low:.2f} to {high:.2f})" if high - low >= 0.01 else "")


def _index(found: Found, asked: Asked) -> str:
    cell = found.cell(asked.attack, asked.defence)
    networks = found.beside(asked.attack, asked.defence)
    own = _highest([each.cell.verdict for each in networks])
    clean = _highest([each.control.verdict for each in networks if each.control])
    if not own:
        return NOT_MEASURED
    beside = f"; clean controls {clean}, {count_of(cell.false_alarms)} above" if clean else ""
    return f"{own}, {count_of(cell.detected)} above{beside}"


def _highest(verdicts: list[object]) -> str:
    values = [max(row.index for row in each.classes) for each in verdicts if isinstance(each, ClassIndices)]
    if not values:
        return ""
    low, high = min(values), max(values)
    return f"{low:.1f}" if f"{low:.1f}" == f"{high:.1f}" else f"{low:.1f} to {high:.1f}"


def _repair(found: Found, asked: Asked) -> str:
    cell = found.cell(asked.attack, asked.defence)
    before, after = measure(cell, ASR_BEFORE), measure(cell, ASR_AFTER)
    accuracy, left = measure(cell, CLEAN_BEFORE), measure(cell, CLEAN_AFTER)
    if before is None or after is None or accuracy is None or left is None:
        return NOT_MEASURED
    change = 100 * (left.median - accuracy.median)
    return (
        f"attack success falls from {percent(before.median, before.n)} to {_with_range(after)}, clean accuracy changes "
        f"by {f'{change:+.1f}'.replace('-', MINUS)} percentage points"
    )


def _with_range(found: Spread) -> str:
    reach = spread_text(found)
    return f"{bare(found.median, found.n)}{THIN}%" + (f" ({reach})" if reach else "")
