from __future__ import annotations

import pytest

from site_src.report.catching.results import Family, Found
from site_src.report.catching.words import COST, FOUND, KEPT, LEFT, MISSED, RULES, Word, word
from tests.site_src.report.catching.small_study import (
    Small,
    Verdicts,
    indices,
    repaired,
    samples,
)

POISONED = 100
OF = 200
"""Images that a repair is measured on."""


def said(attack: str, defence: str, verdicts: Verdicts, *, alarms: bool = False) -> Word:
    small = Small()
    small.said[attack, defence] = verdicts
    if alarms:
        small.clean["neural-cleanse"] = indices(3.0, backdoored=False)
    found = Found("small", small.results(), {})
    return word(found.cell(attack, defence), found.family(defence))


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        ((FOUND, FOUND), Word.CAUGHT),
        ((1, FOUND - 0.01), Word.PARTLY),  # every network counts
        ((MISSED + 0.05, MISSED + 0.05), Word.PARTLY),
        ((0.1, 0.1), Word.SLIPS),
    ],
)
def test_samples_have_to_be_found_on_every_network(hits: tuple[float, float], expected: Word) -> None:
    assert said("patch", "strip", [samples(round(POISONED * each)) for each in hits]) is expected


def test_a_defence_cannot_apply_where_no_sample_is_poisoned_or_something_is_missing() -> None:
    nothing = samples(0, poisoned=0, training=True)
    assert said("latent", "activation-clustering", [nothing, nothing]) is Word.CANNOT
    assert said("latent", "strip", ["no clean images"] * 2) is Word.CANNOT


@pytest.mark.parametrize(
    ("indexed", "alarms", "expected"),
    [
        ([(3, "7"), (4, "7")], False, Word.CAUGHT),
        ([(3, "7"), (4, "1")], False, Word.PARTLY),  # the wrong class
        ([(3, "7"), (1, "7")], False, Word.PARTLY),
        ([(1, "7"), (1, "7")], False, Word.SLIPS),
        ([(3, "7"), (4, "7")], True, Word.SLIPS),  # a detector that is alarmed by everything
    ],
)
def test_networks_have_to_be_told_from_their_controls(
    indexed: list[tuple[float, str]], alarms: bool, expected: Word
) -> None:
    assert said("patch", "neural-cleanse", [indices(*each) for each in indexed], alarms=alarms) is expected


@pytest.mark.parametrize(
    ("left", "cost", "expected"),
    [
        ((LEFT, 0.0), 0, Word.CAUGHT),
        ((LEFT + 0.02, 0.0), 0, Word.PARTLY),
        ((0.0, 0.0), COST + 0.01, Word.PARTLY),  # at a price
        ((KEPT + 0.01, KEPT + 0.01), 0, Word.SLIPS),
    ],
)
def test_a_repair_has_to_remove_the_attack_and_to_keep_the_accuracy(
    left: tuple[float, float], cost: float, expected: Word
) -> None:
    verdicts = [repaired(round(OF * each), clean=round(198 - OF * cost)) for each in left]
    assert said("patch", "fine-tuning", verdicts) is expected


def test_a_repair_has_to_keep_the_accuracy_of_every_network() -> None:
    dear = repaired(0, clean=round(198 - OF * (COST + 0.01)))
    assert said("patch", "fine-tuning", [repaired(0), dear]) is Word.PARTLY


def test_every_family_has_its_rule_with_the_numbers_that_decide() -> None:
    assert set(RULES) == set(Family)
    assert f"{100 * FOUND:g}" in RULES[Family.INPUTS][1]
    assert f"{100 * MISSED:g}" in RULES[Family.TRAINING][2]
    assert f"{100 * LEFT:g}" in RULES[Family.REPAIR][1]
    assert f"{100 * KEPT:g}" in RULES[Family.REPAIR][2]
