from __future__ import annotations

import json
from pathlib import Path

import pytest

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN
from site_src.plugin.page import PageBuilder
from site_src.report.facts.latent_defences import LatentDefences
from tests.site_src.report.facts.latent_study import STUDY


@pytest.fixture
def defences(page: PageBuilder, tmp_path: Path) -> LatentDefences:
    (tmp_path / "latent.json").write_text(json.dumps(STUDY), encoding="utf-8")
    return LatentDefences(page, Facts(page.around.catalogue, tmp_path))


def test_what_a_defence_leaves_is_reported_of_the_backdoored_teachers_student_unless_another_is_named(
    defences: LatentDefences,
) -> None:
    named = "thorough fine-tuning", 12, "clean_accuracy"
    assert defences.latent_left(*named) == f"70.0{THIN}%"
    assert defences.latent_left(*named, "dogs-student-clean") == f"65.0{THIN}%"
    with pytest.raises(FactError, match="no thorough fine-tuning of dogs-student-latent of strength 15"):
        defences.latent_left("thorough fine-tuning", 15, "clean_accuracy")


def test_how_a_student_was_fine_tuned_comes_from_the_study(defences: LatentDefences) -> None:
    words = "3 passes over 2,420 images at a learning rate of 0.0003"
    assert defences.latent_fine_tuning("gentle fine-tuning").replace(THIN, ",") == words
    with pytest.raises(FactError, match="no other fine-tuning"):
        defences.latent_fine_tuning("other fine-tuning")


def test_suspected_classes_are_named_with_their_index(page: PageBuilder, tmp_path: Path) -> None:
    rows = [
        {"network": name, "label": label, "size": 9.0, "success": 1.0, "anomaly": anomaly}
        for name, label, anomaly in (("teacher", "2", 3.24), ("teacher", "3", 1.99), ("student", "7", 0.5))
    ]
    (tmp_path / "latent.json").write_text(json.dumps(STUDY | {"inspected": rows}), encoding="utf-8")
    made = LatentDefences(page, Facts(page.around.catalogue, tmp_path))
    assert made.latent_suspects("teacher") == "There it suspects class 2 (index 3.24)"
    assert made.latent_suspects("student") == "There it suspects no class"
    with pytest.raises(FactError, match="other was not inspected"):
        made.latent_suspects("other")
