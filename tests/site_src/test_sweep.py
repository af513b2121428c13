from __future__ import annotations

import json
from pathlib import Path

import pytest

from site_src.catalogue import Catalogue
from site_src.expressions import FactError
from site_src.facts import Facts
from site_src.formats import THIN
from site_src.page import PageBuilder
from site_src.sweep import Sweep

SUCCESS = {0.001: (0.0, 0.1), 0.01: (0.5, 0.95), 0.1: (0.99, 1.0)}


@pytest.fixture
def sweep(page: PageBuilder, tmp_path: Path) -> Sweep:
    rows = [
        {
            "rate": rate,
            "seed": seed,
            "poisoned": round(1000 * rate),
            "clean_accuracy": {"value": 0.99, "n": 100, "low": 0.9, "high": 1},
            "attack_success_rate": {"value": value, "n": 100, "low": 0, "high": 1},
        }
        for rate, values in SUCCESS.items()
        for seed, value in enumerate(values)
    ]
    (tmp_path / "rates.json").write_text(json.dumps({"rows": rows}))
    (tmp_path / "empty.json").write_text(json.dumps({"rows": []}))
    return Sweep(page, Facts(Catalogue([]), tmp_path))


def test_the_threshold_holds_for_every_seed(sweep: Sweep) -> None:
    assert sweep.sweep_threshold("rates", 0.9) == f"10{THIN}%"
    assert sweep.sweep_threshold("rates", 0.5) == f"1{THIN}%"
    assert sweep.sweep_threshold_pictures("rates", 0.5) == "10"


def test_a_threshold_that_no_rate_reaches_is_told(sweep: Sweep) -> None:
    with pytest.raises(FactError, match="no rate"):
        sweep.sweep_threshold("rates", 1.0)


def test_runs_and_seeds_are_counted(sweep: Sweep) -> None:
    assert (sweep.sweep_runs("rates"), sweep.sweep_seeds("rates")) == ("6", "2")


def test_the_table_has_mean_least_and_most(sweep: Sweep) -> None:
    row = sweep.sweep_table("rates").splitlines()[3]
    assert row.startswith(f"| 1{THIN}% | 72.50{THIN}% (50.00{THIN}% to 95.00{THIN}%)")


def test_the_figure_has_a_dot_a_network_inside_the_frame(sweep: Sweep, page: PageBuilder) -> None:
    html = page.html(sweep.sweep_figure("rates", "A caption & more"))
    assert html.count("<circle") == 6 + 1  # one in the legend
    assert "A caption &amp; more" in html
    assert "style=" not in html


def test_an_empty_sweep_and_an_unknown_rate_are_told(sweep: Sweep) -> None:
    with pytest.raises(FactError, match="has no rows"):
        sweep.sweep_figure("empty", "")
    with pytest.raises(FactError, match="has no rate"):
        sweep.sweep_at("rates", 0.2, "clean_accuracy")
