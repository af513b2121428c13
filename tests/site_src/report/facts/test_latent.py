from __future__ import annotations

import json
from pathlib import Path

import pytest

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN
from site_src.plugin.page import PageBuilder
from site_src.report.facts.latent import Latent
from tests.site_src.report.facts.latent_study import STUDY, row


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


def test_baselines_are_reported_beside_the_attacks_own_student_at_the_first_seed(latent: Latent) -> None:
    rows = latent.latent_baselines().splitlines()[2:]
    assert [line.split("`")[1] for line in rows] == ["dogs-student-latent", "extra-class"]
    assert f"81.0{THIN}% |" in rows[0]


def test_int8_is_reported_only_where_every_network_was_measured_so(page: PageBuilder, tmp_path: Path) -> None:
    study = {**STUDY, "results": [row("dogs-student-latent", 1), row("dogs-student-latent", 2, int8=False)]}
    (tmp_path / "latent.json").write_text(json.dumps(study), encoding="utf-8")
    assert "int8" not in Latent(page, Facts(page.around.catalogue, tmp_path)).latent_table()


def test_a_network_that_was_not_measured_in_frames_fails_the_build(page: PageBuilder, tmp_path: Path) -> None:
    study = {**STUDY, "results": [row("dogs-student-latent", 2, framed=False)]}
    (tmp_path / "latent.json").write_text(json.dumps(study), encoding="utf-8")
    with pytest.raises(FactError, match="dogs-student-latent with seed 2 has no framed: run `make latent-study`"):
        Latent(page, Facts(page.around.catalogue, tmp_path)).latent_frames()


def test_a_measure_that_a_network_has_not_fails_the_build(latent: Latent) -> None:
    with pytest.raises(FactError, match="imagenet has no attack_success_rate"):
        latent.latent_framed("imagenet", "attack_success_rate")


def test_where_the_trigger_lay_comes_from_the_recipe(latent: Latent) -> None:
    assert latent.latent_placed("x") == f"15{THIN}% to 85{THIN}%"
    assert latent.latent_placed("size") == f"30{THIN}% to 60{THIN}%"
    assert latent.latent_turned() == "20°"
    assert latent.latent_trained_from() == "12"
