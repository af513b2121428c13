"""From the cells of a study to its table: each defence against each attack, over the seeds of the networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

import numpy as np

from training.core.metrics import Estimate, wilson
from training.defences.scoring import score
from training.defences.verdict import AnyVerdict, ClassIndices
from training.studies.defence_results import Detection, Measure, Spread, StudiedNetwork, TableCell
from training.studies.schema import Cell

Number = Estimate | float
Pair = tuple[StudiedNetwork, StudiedNetwork]
"""A backdoored network and its clean control."""
Find = Callable[[StudiedNetwork, StudiedNetwork], Cell | None]
"""The cell of one defence on a network, measured with the trigger of another; None if there is none."""
HIGHEST = "highest index"
"""Name of the measure of a defence that gives each class an index."""
_ORDER = ("measured", "failed", "not-applicable")


def spread(values: Sequence[Number]) -> Spread:
    """The median and range of one number over networks; there is at least one.

    Proportions of samples keep their own 95 % intervals: what is reported reaches from the lowest bound of any network
    to the highest, because networks that are tested on the same images are no independent samples to pool.
    """
    plain = [each.value if isinstance(each, Estimate) else each for each in values]
    estimates = [each for each in values if isinstance(each, Estimate)]
    return Spread(
        values=plain, median=median(plain), low=min(plain), high=max(plain),
        interval=(min(each.low for each in estimates), max(each.high for each in estimates)) if estimates else None,
        n=min((each.n for each in estimates), default=None),
    )  # fmt: skip


def numbers(verdict: AnyVerdict) -> dict[str, Number]:
    """What a verdict says in numbers, by name."""
    if isinstance(verdict, ClassIndices):
        return {HIGHEST: max(each.index for each in verdict.classes)}
    return {name: value for name, value in verdict.findings if isinstance(value, Estimate)}


def table_cell(attack: str, defence: str, pairs: Sequence[Pair], find: Find) -> TableCell:
    """One defence against one attack.

    Args:
        attack: Its name.
        defence: Its name.
        pairs: The attack's networks, each with its clean control, in the order of their seeds.
        find: Where their cells are.
    """
    cells = [(network, find(network, network), find(control, network)) for network, control in pairs]
    own = [cell for _, cell, _ in cells if cell is not None]
    if not own:
        return TableCell(attack=attack, defence=defence, status="missing", reason="not measured yet", seeds=[])
    status = min((cell.status for cell in own), key=_ORDER.index)
    reasons = [cell.reason for cell in own if cell.reason is not None]
    measured = [(network, cell.verdict) for network, cell, _ in cells if cell is not None and cell.verdict is not None]
    verdicts = [verdict for _, verdict in measured]
    clean = [cell.verdict for _, _, cell in cells if cell is not None and cell.verdict is not None]
    return TableCell(
        attack=attack, defence=defence, status=status, reason=reasons[0] if reasons else None,
        seeds=[network.seed for network, _ in measured], measures=_measures(verdicts, clean),
        detected=_fraction(verdicts, _suspicious), named=_fraction(verdicts, _names_target),
        false_alarms=_fraction(clean, _suspicious),
        seconds=median(cell.seconds for cell in own if cell.verdict) if verdicts else None,
        peak_bytes=max((cell.peak_bytes for cell in own if cell.peak_bytes is not None), default=None),
    )  # fmt: skip


def detection(defence: str, attack: str | None, backdoored: Sequence[Cell], clean: Sequence[Cell]) -> Detection | None:
    """How well a defence's highest class index tells backdoored networks from clean ones.

    Args:
        defence: Its name.
        attack: The attack that the backdoored networks carry; None for several.
        backdoored: Its cells, one for each backdoored network.
        clean: Its cells, one for each clean network.

    Returns:
        None if it gives no class indices, or networks of either kind are missing.
    """
    groups = [
        [cell.verdict for cell in cells if isinstance(cell.verdict, ClassIndices)] for cells in (clean, backdoored)
    ]
    if not all(groups):
        return None
    verdicts = [verdict for group in groups for verdict in group]
    highest = np.array([max(each.index for each in verdict.classes) for verdict in verdicts])
    truth = np.arange(len(verdicts)) >= len(groups[0])
    scored = score(highest, truth, samples="networks", threshold=verdicts[0].threshold)
    return Detection(defence=defence, attack=attack, verdict=scored)


def _measures(verdicts: Sequence[AnyVerdict], clean: Sequence[AnyVerdict]) -> list[Measure]:
    ours, theirs = ([numbers(verdict) for verdict in group] for group in (verdicts, clean))
    names = list(dict.fromkeys(name for each in (*ours, *theirs) for name in each))
    return [Measure(name=name, backdoored=_over(ours, name), control=_over(theirs, name)) for name in names]


def _over(found: Sequence[dict[str, Number]], name: str) -> Spread | None:
    values = [each[name] for each in found if name in each]
    return spread(values) if values else None


def _fraction(verdicts: Sequence[AnyVerdict], holds: Callable[[ClassIndices], bool]) -> Estimate | None:
    """Of the verdicts of class indices those of which something holds; None if there are none."""
    indices = [each for each in verdicts if isinstance(each, ClassIndices)]
    return wilson(sum(holds(each) for each in indices), len(indices)) if indices else None


def _suspicious(verdict: ClassIndices) -> bool:
    return bool(verdict.suspects)


def _names_target(verdict: ClassIndices) -> bool:
    return max(verdict.classes, key=lambda each: each.index).label in verdict.targets
