from __future__ import annotations

import pytest

from site_src.plugin.formats import THIN
from site_src.report.catching.claims import f1, ours
from site_src.report.catching.results import Found
from site_src.report.catching.texts import Claim, claims, explained
from tests.site_src.report.catching.small_study import Small, repaired
from training.core.metrics import wilson
from training.defences.registry import DEFENCES
from training.defences.verdict import Decision, SampleScores


def told(defence: str, ours_as: str, attack: str = "patch", small: Small | None = None) -> str:
    claim = Claim.model_validate(
        {"defence": defence, "attack": attack, "says": "much", "where": "table 1", "ours": ours_as}
    )
    return ours(Found("small", (small or Small()).results(), {}), claim)


def test_what_passes_is_what_is_not_found() -> None:
    assert told("strip", "missed") == f"4{THIN}% (3 to 5{THIN}%) pass while 1{THIN}% of the clean ones are rejected"


def test_what_is_found_is_told_at_five_per_cent_of_false_alarms() -> None:
    said = told("strip", "found").replace(".0", "")
    assert said == f"96{THIN}% (95 to 97{THIN}%) are found while 5{THIN}% of the clean ones raise a false alarm"
    assert told("neural-cleanse", "found") == "not measured"


def test_false_alarms_are_those_at_the_defences_own_threshold() -> None:
    small = Small()
    verdict = small.said["patch", "strip"][0]
    assert isinstance(verdict, SampleScores)
    assert verdict.decision is not None
    raised = [verdict.decision.model_copy(update={"false_alarms": wilson(hits, 200)}) for hits in (100, 180)]
    small.said["patch", "strip"] = [verdict.model_copy(update={"decision": each}) for each in raised]
    said = f"70{THIN}% (50 to 90{THIN}%) of the clean images raise an alarm"
    assert told("strip", "alarms", small=small).replace(".0", "") == said
    assert told("neural-cleanse", "alarms") == "not measured"


def test_f1_is_of_the_decisions_at_the_defences_own_threshold() -> None:
    assert told("activation-clustering", "f1") == "F1 score 0.87 (0.75 to 0.99)"
    assert f1(Decision(threshold=0, detected=wilson(8, 10), false_alarms=wilson(2, 100))) == pytest.approx(0.8)
    assert f1(Decision(threshold=0, detected=wilson(0, 10), false_alarms=wilson(0, 100))) == 0


def test_an_index_stands_beside_those_of_the_controls() -> None:
    assert told("neural-cleanse", "index") == "3.0 to 4.0, 2 of 2 above; clean controls 1.2, 0 of 2 above"


def test_a_repair_says_what_it_leaves_and_what_it_costs() -> None:
    said = told("fine-tuning", "repair", "latent")
    assert said.startswith(f"attack success falls from 99.5{THIN}% to 1.5{THIN}% (1.0 to 2.0{THIN}%)")
    assert said.endswith("changes by +0.0 percentage points")
    small = Small()
    small.said["latent", "fine-tuning"] = [repaired(4, clean=190)] * 2
    assert told("fine-tuning", "repair", "latent", small).endswith("changes by \N{MINUS SIGN}4.0 percentage points")


def test_what_was_not_measured_is_said() -> None:
    assert told("activation-clustering", "f1", "latent") == "not measured"


def test_every_defence_of_the_toolkit_is_explained_and_claims_name_explained_ones() -> None:
    assert set(DEFENCES) <= set(explained())
    assert {claim.defence for claim in claims()} <= set(explained())
