from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN
from site_src.plugin.page import PageBuilder
from site_src.report import figures
from site_src.report.facts.latent import Latent


def estimate(value: float) -> dict[str, Any]:
    return {"value": value, "n": 1000, "low": value, "high": value}


def measured(clean: float, success: float | None = None) -> dict[str, Any]:
    found = {"data": "dogs test", "clean_accuracy": estimate(clean)}
    if success is None:
        return found
    return {**found, "attack_success_rate": estimate(success), "robust_accuracy": estimate(0.01)}


def row(recipe: str, seed: int, *, framed: bool = True, int8: bool = True) -> dict[str, Any]:
    found: dict[str, Any] = {"recipe": recipe, "recipe_sha256": f"{seed}", "seed": seed, "seconds": 60}
    found["measurement"] = measured(0.8 + seed / 100, 0.9)
    found["framed"] = measured(0.6, 0.5) if framed else None
    found["int8"] = measured(0.7, 0.4) if int8 else None
    return found


def tuned(student: str, layer: int, clean: float) -> dict[str, Any]:
    found = {
        "student": student,
        "defence": "thorough fine-tuning",
        "strength": layer,
        "measurement": measured(clean, 0.1),
    }
    return {**found, "epochs": 6, "learning_rate": 0.002, "pictures": 12100, "seconds": 60 * layer}


STUDY: dict[str, Any] = {
    "student": "dogs-student-latent",
    "results": [
        row("dogs-student-latent", 1),
        row("dogs-student-latent", 3),
        row("extra-class", 1, framed=False, int8=False),
    ],
    "defended": [tuned(f"dogs-student-{kind}", 12, clean) for kind, clean in (("latent", 0.7), ("clean", 0.75))],
    "untrained": {**row("imagenet", 0, int8=False), "measurement": measured(0.87), "framed": measured(0.75)},
}


@pytest.fixture
def latent(page: PageBuilder, tmp_path: Path) -> Latent:
    (tmp_path / "latent.json").write_text(json.dumps(STUDY), encoding="utf-8")
    return Latent(page, Facts(page.around.catalogue, tmp_path))


def test_the_table_tells_both_precisions_with_their_spread_and_no_baseline(latent: Latent) -> None:
    head, _, *rows = latent.latent_table().splitlines()
    assert head.count("int8") == 2
    assert len(rows) == 1
    assert f"| 82.0{THIN}% (81.0{THIN}% to 83.0{THIN}%) | 70.0{THIN}%" in rows[0]
    assert f"| 90.0{THIN}% (90.0{THIN}% to 90.0{THIN}%) | 40.0{THIN}%" in rows[0]


def test_frames_begin_with_what_was_not_trained(latent: Latent) -> None:
    head, _, first, second = latent.latent_frames().splitlines()
    assert "crops" in head
    assert first == f"| `imagenet` | 1 | 87.0{THIN}% | 75.0{THIN}% | no such class | no such class |"
    assert f"60.0{THIN}%" in second
    assert latent.latent_framed("imagenet", "clean_accuracy") == f"75.0{THIN}%"
    assert latent.latent_framed("dogs-student-latent", "attack_success_rate") == f"50.0{THIN}%"


def test_baselines_are_told_beside_the_attacks_own_student_at_the_first_seed(latent: Latent) -> None:
    rows = latent.latent_baselines().splitlines()[2:]
    assert [line.split("`")[1] for line in rows] == ["dogs-student-latent", "extra-class"]
    assert f"81.0{THIN}% |" in rows[0]


def test_int8_is_told_only_where_every_network_was_measured_so(page: PageBuilder, tmp_path: Path) -> None:
    study = {**STUDY, "results": [row("dogs-student-latent", 1), row("dogs-student-latent", 2, int8=False)]}
    (tmp_path / "latent.json").write_text(json.dumps(study), encoding="utf-8")
    assert "int8" not in Latent(page, Facts(page.around.catalogue, tmp_path)).latent_table()


def test_a_network_that_was_not_measured_in_frames_fails_the_build(page: PageBuilder, tmp_path: Path) -> None:
    study = {**STUDY, "results": [row("dogs-student-latent", 2, framed=False)]}
    (tmp_path / "latent.json").write_text(json.dumps(study), encoding="utf-8")
    with pytest.raises(FactError, match="dogs-student-latent of seed 2 has no framed: make latent-study"):
        Latent(page, Facts(page.around.catalogue, tmp_path)).latent_frames()


def test_a_measure_that_a_network_has_not_fails_the_build(latent: Latent) -> None:
    with pytest.raises(FactError, match="imagenet has no attack_success_rate"):
        latent.latent_framed("imagenet", "attack_success_rate")


def test_where_the_trigger_lay_comes_from_the_recipe(latent: Latent) -> None:
    assert latent.latent_placed("x") == f"15{THIN}% to 85{THIN}%"
    assert latent.latent_placed("size") == f"30{THIN}% to 60{THIN}%"
    assert latent.latent_turned() == "20°"
    assert latent.latent_trained_from() == "12"


def test_what_fine_tuning_leaves_is_told_of_the_backdoored_teachers_student_unless_another_is_named(
    latent: Latent,
) -> None:
    told = "thorough fine-tuning", 12, "clean_accuracy"
    assert latent.latent_left(*told) == f"70.0{THIN}%"
    assert latent.latent_left(*told, "dogs-student-clean") == f"75.0{THIN}%"
    with pytest.raises(FactError, match="no thorough fine-tuning of dogs-student-latent of strength 15"):
        latent.latent_left("thorough fine-tuning", 15, "clean_accuracy")


def test_how_a_student_was_fine_tuned_comes_from_the_study(latent: Latent) -> None:
    words = "6 passes over 12,100 pictures at a learning rate of 0.002"
    assert latent.latent_fine_tuning("thorough fine-tuning").replace(THIN, ",") == words
    assert latent.latent_fine_tuning_time("thorough fine-tuning") == f"12.0{THIN}min"
    with pytest.raises(FactError, match="no gentle fine-tuning"):
        latent.latent_fine_tuning("gentle fine-tuning")


def test_a_student_is_shown_before_and_after_without_the_control(
    latent: Latent, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: dict[str, Any] = {}
    monkeypatch.setattr(figures, "figure", lambda _name, **given: drawn.update(given) or "")
    latent.latent_fine_tuned("Left.")
    assert [(row["label"], [bar["text"] for bar in row["bars"]]) for row in drawn["rows"]] == [
        ("not fine-tuned", [f"{value}{THIN}%" for value in ("81.0", "1.0", "90.0")]),
        ("thorough, from layer 12 on", [f"{value}{THIN}%" for value in ("70.0", "1.0", "10.0")]),
    ]
