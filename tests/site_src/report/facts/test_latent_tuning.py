from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN
from site_src.plugin.page import PageBuilder
from site_src.report.facts import latent_tuning
from site_src.report.facts.latent_tuning import LatentTuning
from tests.site_src.report.facts.latent_study import STUDY


@pytest.fixture
def tuning(page: PageBuilder, tmp_path: Path) -> LatentTuning:
    (tmp_path / "latent.json").write_text(json.dumps(STUDY), encoding="utf-8")
    return LatentTuning(page, Facts(page.around.catalogue, tmp_path))


def test_what_fine_tuning_leaves_is_a_mean_over_seeds_of_the_backdoored_student_unless_another_is_named(
    tuning: LatentTuning,
) -> None:
    assert tuning.latent_tuned(12, "clean_accuracy") == f"72.0{THIN}%"
    assert tuning.latent_tuned(None, "clean_accuracy", "dogs-student-clean") == f"77.0{THIN}%"
    assert tuning.latent_tuned(12, "attack_success_rate", at="framed") == f"5.0{THIN}%"
    assert tuning.latent_tuned_range(12, "clean_accuracy") == f"72.0{THIN}% (71.0{THIN}% to 73.0{THIN}%)"
    with pytest.raises(FactError, match="no dogs-student-latent fine-tuned from layer 15 on"):
        tuning.latent_tuned(15, "clean_accuracy")


def test_how_students_were_fine_tuned_comes_from_the_study(tuning: LatentTuning) -> None:
    assert tuning.latent_tuning().replace(THIN, ",") == "6 passes over 12,100 images"
    assert tuning.latent_tuning_seeds() == "2"
    assert tuning.latent_tuning_time() == f"12.0{THIN}min"
    assert tuning.latent_tuning_rate(12) == "0.002"
    assert tuning.latent_tuning_lost() == "4 percentage points"


def test_strengths_that_were_tried_stand_by_rate_with_the_chosen_one_in_bold(tuning: LatentTuning) -> None:
    untuned, chosen, other = tuning.latent_tried().splitlines()[2:]
    assert untuned.startswith("| not fine-tuned |  | 80.0")
    assert chosen.startswith("| **from layer 12 on** | **0.002** | **77.0")
    assert other.startswith("| from layer 12 on | 0.004 | 70.0")


def test_both_students_stand_in_the_table_before_and_after(tuning: LatentTuning) -> None:
    lines = tuning.latent_tuned_table().splitlines()[2:]
    assert [line.split(" | ")[0] for line in lines] == [
        f"| `dogs-student-{kind}`, {words}"
        for kind in ("latent", "clean")
        for words in ("not fine-tuned", "from layer 12 on")
    ]
    assert f"52.0{THIN}% (51.0{THIN}% to 53.0{THIN}%)" in lines[0]


def test_a_student_is_shown_before_and_after_without_the_control(
    tuning: LatentTuning, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: dict[str, Any] = {}
    monkeypatch.setattr(latent_tuning, "figure", lambda _name, **given: drawn.update(given) or "")
    tuning.latent_fine_tuned("Left.")
    assert [(row["label"], [bar["text"] for bar in row["bars"]]) for row in drawn["rows"]] == [
        ("not fine-tuned", [f"{value}{THIN}%" for value in ("72.0", "1.0", "10.0")]),
        ("gentle, from layer 12 on", [f"{value}{THIN}%" for value in ("75.0", "1.0", "40.0")]),
        ("thorough, from layer 12 on", [f"{value}{THIN}%" for value in ("72.0", "1.0", "10.0")]),
        ("thorough at 0.0003, from layer 12 on", [f"{value}{THIN}%" for value in ("70.0", "1.0", "40.0")]),
    ]


def test_a_study_without_fine_tunings_says_how_to_make_them(page: PageBuilder, tmp_path: Path) -> None:
    without = {name: value for name, value in STUDY.items() if name != "fine_tunings"}
    (tmp_path / "latent.json").write_text(json.dumps(without), encoding="utf-8")
    made = LatentTuning(page, Facts(page.around.catalogue, tmp_path))
    with pytest.raises(FactError, match="run `make latent-study`"):
        made.latent_tuning()
