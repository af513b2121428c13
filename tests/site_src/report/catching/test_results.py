from __future__ import annotations

from typing import Any

import pytest

from site_src.plugin.expressions import FactError
from site_src.report.catching import results
from site_src.report.catching.results import AT_1, AUROC, Family, measure, read
from tests.site_src.report.catching.small_study import PLAN, Small
from training.defences.verdict import SampleScores
from training.recipes.base import RecipeError
from training.recipes.load import load


@pytest.fixture(autouse=True)
def plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "read_plan", lambda _: PLAN)


@pytest.fixture
def content() -> dict[str, Any]:
    found: dict[str, Any] = Small().results().model_dump(mode="json")
    return found


def test_defences_are_told_apart_by_what_they_examine(content: dict[str, Any]) -> None:
    found = read("small", content, current=True)
    assert {family: [each.name for each in known] for family, known in found.families.items()} == {
        Family.INPUTS: ["strip"], Family.TRAINING: ["activation-clustering"], Family.NETWORK: ["neural-cleanse"],
        Family.REPAIR: ["fine-tuning"],
    }  # fmt: skip


def test_a_defence_of_training_data_is_shown_even_if_no_network_comes_with_any() -> None:
    small = Small()
    small.said["patch", "activation-clustering"] = ["the training data is somebody else's"] * 2
    small.clean["activation-clustering"] = "the training data is somebody else's"
    content = small.results().model_dump(mode="json")
    assert Family.TRAINING not in read("small", content, current=True).families
    content["defences"][1]["needs"] = ["the PyTorch network", "the training data"]
    assert [each.name for each in read("small", content, current=True).families[Family.TRAINING]] == [
        "activation-clustering"
    ]


def test_a_cell_stands_beside_that_of_its_own_control(content: dict[str, Any]) -> None:
    found = read("small", content, current=True)
    both = found.beside("patch", "strip")
    assert [each.network.seed for each in both] == [1, 2]
    assert [each.control and each.control.network for each in both] == [each.network.control for each in both]
    assert measure(found.cell("patch", "strip"), "no such measure") is None


def test_verdicts_still_name_their_measures_as_pages_look_them_up() -> None:
    verdict = Small().said["patch", "strip"][0]
    assert isinstance(verdict, SampleScores)
    assert {AUROC, AT_1} < {name for name, _ in verdict.findings}


def test_results_of_another_recipe_are_refused(content: dict[str, Any]) -> None:
    next(each for each in content["networks"] if each["attack"] == "patch")["recipe_sha256"] = "0" * 64
    with pytest.raises(
        FactError, match=r"recipe digits-badnet-single has changed since small\.json was measured \(patch"
    ):
        read("small", content, current=True)
    assert read("small", content, current=False).name == "small"


def test_results_of_another_control_are_refused(content: dict[str, Any]) -> None:
    for each in content["networks"]:
        if each["recipe"] == "clean-twin":
            each["recipe_sha256"] = "0" * 64
    with pytest.raises(FactError, match=r"no clean control, made as today, of the attack patch, seed 1"):
        read("small", content, current=True)


def test_results_with_other_settings_are_refused(content: dict[str, Any]) -> None:
    content["defences"][0]["settings"]["overlays"] += 1
    with pytest.raises(FactError, match=r"not measured with today's settings of strip"):
        read("small", content, current=True)


def test_incomplete_results_are_refused(content: dict[str, Any]) -> None:
    content["table"][3] |= {"status": "missing", "reason": "not measured yet"}
    with pytest.raises(FactError, match=r"incomplete: fine-tuning against patch was not measured"):
        read("small", content, current=True)
    content["networks"] = [each for each in content["networks"] if each["seed"] == 1]
    with pytest.raises(FactError, match=r"incomplete: it has no network of the attack patch, seed 2"):
        read("small", content, current=True)


def test_a_file_of_something_else_is_refused() -> None:
    with pytest.raises(FactError, match=r"small\.json cannot be read as results of backdoors study-defences: study:"):
        read("small", {}, current=True)


def test_results_of_an_unknown_study_are_refused_where_they_must_be_current(
    content: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: str) -> None:
        raise RecipeError("no such study")

    monkeypatch.setattr(results, "read_plan", missing)
    with pytest.raises(FactError, match="no such study"):
        read("small", content, current=True)
    assert read("small", content, current=False).triggers == {}


def test_a_recipe_as_its_file_stands_is_found_by_its_hash_and_one_with_other_settings_is_not(
    content: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    patch, latent = PLAN.attacks
    altered = patch.model_copy(update={"name": "altered", "settings": {"attack.poison_rate": 0.5}})
    for attacks in ([patch, altered, latent], [altered, patch, latent]):
        plan = PLAN.model_copy(update={"attacks": attacks})
        monkeypatch.setattr(results, "read_plan", lambda _, plan=plan: plan)
        found = read("small", content, current=False)
        assert found.recipes == {load("digits-badnet-single").sha256: "patch", load(latent.recipe).sha256: "latent"}


def test_networks_are_told_apart_attack_by_attack_and_altogether(content: dict[str, Any]) -> None:
    found = read("small", content, current=True)
    detections = [found.detection("neural-cleanse", attack) for attack in ("patch", "latent", None)]
    assert [each and each.verdict.poisoned for each in detections] == [2, 2, 4]
    assert [each and each.attack for each in detections] == ["patch", "latent", None]
    assert found.detection("strip", None) is None
