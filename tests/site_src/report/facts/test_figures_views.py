from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN, count
from site_src.plugin.page import PageBuilder
from site_src.report.facts.figures_views import FiguresViews
from tests.site_src.report.facts.latent_study import STUDY, estimate, row


def seeded(seed: int, elsewhere: float | None) -> dict[str, Any]:
    return {**row("views", seed), "elsewhere": None if elsewhere is None else estimate(elsewhere)}


def facts(page: PageBuilder, folder: Path, *rows: dict[str, Any]) -> FiguresViews:
    (folder / "figures.json").write_text(json.dumps({**STUDY, "results": rows}), encoding="utf-8")
    return FiguresViews(Facts(page.around.catalogue, folder))


@pytest.fixture
def views(page: PageBuilder, tmp_path: Path) -> FiguresViews:
    return facts(page, tmp_path, seeded(1, 0.7), seeded(3, 0.9))


def test_the_table_has_both_sources_frames_and_attack_success(views: FiguresViews) -> None:
    head, _, line = views.figures_table().splitlines()
    assert "another source" in head
    assert line == (
        f"| `views` | 2 | 82.0{THIN}% (81.0{THIN}% to 83.0{THIN}%) | 60.0{THIN}% (60.0{THIN}% to 60.0{THIN}%) | "
        f"80.0{THIN}% (70.0{THIN}% to 90.0{THIN}%) | 90.0{THIN}% (90.0{THIN}% to 90.0{THIN}%) |"
    )


def test_a_range_runs_from_the_worst_seed_to_the_best(views: FiguresViews) -> None:
    assert views.figures_range("views", "elsewhere") == f"70.0{THIN}% to 90.0{THIN}%"
    assert views.figures_range("views", "clean_accuracy") == f"81.0{THIN}% to 83.0{THIN}%"
    assert views.figures_range("views", "attack_success_rate") == f"90.0{THIN}%"
    assert views.figures_seeds("views") == "2"
    assert views.figures_elsewhere() == count(1000)


def test_a_run_that_was_not_measured_elsewhere_fails_the_build(page: PageBuilder, tmp_path: Path) -> None:
    with pytest.raises(FactError, match=r"figures\.json: views with seed 2 has no elsewhere"):
        facts(page, tmp_path, seeded(1, 0.7), seeded(2, None)).figures_table()


def test_a_network_that_is_not_there_fails_the_build(views: FiguresViews) -> None:
    with pytest.raises(FactError, match=r"figures\.json has no network x; it has views"):
        views.figures_range("x", "clean_accuracy")


def test_the_number_of_views_is_the_recipes(page: PageBuilder, tmp_path: Path) -> None:
    found = facts(page, tmp_path)
    assert found.figures_views("figures-views-latent") == "16"
    with pytest.raises(FactError, match=r"digits-clean has no data\.views"):
        found.figures_views("digits-clean")
