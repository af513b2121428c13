from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN
from site_src.plugin.page import PageBuilder
from site_src.report.facts.sweep import Sweep

SUCCESS = {0.001: (0.0, 0.1), 0.01: (0.5, 0.95), 0.1: (0.99, 1.0)}


@pytest.fixture
def sweep(page: PageBuilder, tmp_path: Path) -> Sweep:
    rows = [
        {
            "rate": rate,
            "seed": seed,
            "pixels": 4 + 5 * seed,
            "poisoned": round(1000 * rate),
            "clean_accuracy": {"value": 0.99, "n": 100, "low": 0.9, "high": 1},
            "attack_success_rate": {"value": value, "n": 100, "low": 0, "high": 1},
        }
        for rate, values in SUCCESS.items()
        for seed, value in enumerate(values)
    ]
    (tmp_path / "rates.json").write_text(json.dumps({"rows": rows, "epochs": 1}))
    (tmp_path / "history").mkdir()
    for model, recipe in (("tiny-clean", "0" * 64), ("tiny-badnet", "1" * 64)):
        epochs = [{"epoch": 1, "clean_accuracy": 0.98, "attack_success_rate": 0.97}]
        epochs.append({"epoch": 2, "clean_accuracy": 0.99, "attack_success_rate": 0.985})
        (tmp_path / "history" / f"{model}.json").write_text(json.dumps({"recipe_sha256": recipe, "epochs": epochs}))
    (tmp_path / "empty.json").write_text(json.dumps({"rows": []}))
    return Sweep(page, Facts(page.around.catalogue, tmp_path))


def test_the_threshold_holds_for_every_seed(sweep: Sweep) -> None:
    assert sweep.sweep_threshold("rates", 0.9) == f"10{THIN}%"
    assert sweep.sweep_threshold("rates", 0.5) == f"1{THIN}%"
    assert sweep.sweep_threshold_images("rates", 0.5) == "10"


def test_a_threshold_that_no_rate_reaches_is_reported(sweep: Sweep) -> None:
    with pytest.raises(FactError, match="no rate"):
        sweep.sweep_threshold("rates", 1.0)


def test_runs_and_seeds_are_counted(sweep: Sweep) -> None:
    assert (sweep.sweep_runs("rates"), sweep.sweep_seeds("rates")) == ("6", "2")


def test_the_table_behind_the_figure_has_mean_least_and_most(sweep: Sweep, page: PageBuilder) -> None:
    html = page.html(sweep.sweep_figure("rates", "Caption"))
    table = html[html.index("<table") :]
    assert f">1{THIN}%</th>" in table
    assert f">72{THIN}% (50{THIN}% to 95{THIN}%)<" in table
    assert table.count("<tr data-x=") == len(SUCCESS)


def test_the_cursor_begins_where_the_attack_first_works_with_every_seed(sweep: Sweep, page: PageBuilder) -> None:
    html = page.html(sweep.sweep_figure("rates", "Caption"))
    assert '<chart-cursor start="2">' in html
    assert re.search(rf'class="bd-readout"><strong>10{THIN}%</strong>.*<b>100{THIN}% \(99{THIN}% to 100', html)


def test_the_figure_has_a_dot_a_network_inside_the_frame(sweep: Sweep, page: PageBuilder) -> None:
    html = page.html(sweep.sweep_figure("rates", "A caption & more"))
    plot = html[html.index("<svg") : html.index("</svg>")]
    assert plot.count("<circle cx") == 6
    assert "A caption &amp; more" in html
    assert "style=" not in html


def test_the_history_is_reported_and_drawn(sweep: Sweep, page: PageBuilder) -> None:
    assert sweep.epochs("tiny-clean") == "2"
    assert sweep.history_at("tiny-clean", 1, "attack_success_rate") == f"97.0{THIN}%"
    html = page.html(sweep.history_figure("tiny-clean", "Caption"))
    assert "begins at 96" in html
    plot = html[html.index("<svg") : html.index("</svg>")]
    assert plot.count("<circle cx") == 2
    assert all(16 <= float(place) <= 214 for place in re.findall(r'cy="([\d.]+)"', html) if place != "6")


def test_a_history_of_another_recipe_is_refused(sweep: Sweep) -> None:
    with pytest.raises(FactError, match="another recipe"):
        sweep.epochs("tiny-badnet")
    with pytest.raises(FactError, match="no epoch 3"):
        sweep.history_at("tiny-clean", 3, "clean_accuracy")


def test_an_empty_sweep_and_an_unknown_rate_are_reported(sweep: Sweep) -> None:
    with pytest.raises(FactError, match="has no rows"):
        sweep.sweep_figure("empty", "")
    with pytest.raises(FactError, match="has no rate"):
        sweep.sweep_at("rates", 0.2, "clean_accuracy")


def test_a_sweep_is_shown_by_size_and_by_seed_too(sweep: Sweep) -> None:
    sizes, seeds = (sweep.sweep_figure("rates", "caption", by) for by in ("pixels", "seed"))
    assert sizes != seeds
    with pytest.raises(FactError, match=r"not by seeds.*did you mean 'seed'"):
        sweep.sweep_figure("rates", "caption", "seeds")


def test_settings_are_shown_with_what_validation_images_said_and_the_recipes_own_in_bold(
    sweep: Sweep, tmp_path: Path
) -> None:
    fields = {"attack.self_distillation": "Own answer", "training.annealed_augmentation.to": "Augmentation left"}
    seen = {"n": 6000, "low": 0.98, "high": 0.99}
    rows = [
        {
            "settings": dict(zip(fields, (own, left), strict=True)),
            "validation_accuracy": {"value": 0.985, **seen},
            "validation_success": {"value": 0.9825, **seen},
        }
        for own, left in ((0.9, 0.2), (0.7, 0.2), (0.4, 0.0))
    ]
    (tmp_path / "tried.json").write_text(json.dumps({"rows": rows, "epochs": 1}))
    lines = sweep.sweep_tried("tried", fields, "mnist-badnet").splitlines()
    assert lines[0] == "| Own answer | Augmentation left | Clean accuracy | Attack success rate |"
    assert lines[2].startswith("| 0.4 | 0 | 98.5")
    assert lines[3].startswith("| **0.7** | **0.2** | **98.5")
    assert lines[4].endswith(f"| 98.25{THIN}% (98.00 to 99.00{THIN}%) |")
    with pytest.raises(FactError, match="varied attack"):
        sweep.sweep_tried("tried", {"seed": "Seed"}, "mnist-badnet")
    again = {**rows[0], "validation_success": {"value": 0.9625, "n": 6000, "low": 0.95, "high": 0.97}}
    (tmp_path / "twice.json").write_text(json.dumps({"rows": [*rows, again], "epochs": 1}))
    seeds = sweep.sweep_tried("twice", fields, "mnist-badnet").splitlines()
    assert seeds[:4] == lines[:4]
    assert seeds[4].endswith(f"| 97.25{THIN}% (95.00 to 99.00{THIN}%) |")
    own = "attack.self_distillation"
    assert [sweep.sweep_smallest("twice", own, least) for least in (0.9, 0.97)] == ["0.4", "0.4"]
    worse = {**rows[2], "validation_success": {"value": 0.5, **seen}}
    (tmp_path / "worse.json").write_text(json.dumps({"rows": [*rows, worse], "epochs": 1}))
    assert sweep.sweep_smallest("worse", own, 0.97) == "0.7"
    with pytest.raises(FactError, match=r"reaches 0\.99 with every seed"):
        sweep.sweep_smallest("worse", own, 0.99)
    assert sweep.sweep_better("tried", "mnist-badnet") == "none"
    rows[2]["validation_success"] = {"value": 0.996, "n": 6000, "low": 0.991, "high": 0.999}
    (tmp_path / "beaten.json").write_text(json.dumps({"rows": rows, "epochs": 1}))
    assert sweep.sweep_better("beaten", "mnist-badnet") == "1"
    (tmp_path / "elsewhere.json").write_text(json.dumps({"rows": rows[::2], "epochs": 1}))
    with pytest.raises(FactError, match="did not try the settings of mnist-badnet"):
        sweep.sweep_better("elsewhere", "mnist-badnet")
    rows[0]["validation_success"] = None  # type: ignore[assignment]
    (tmp_path / "blind.json").write_text(json.dumps({"rows": rows, "epochs": 1}))
    with pytest.raises(FactError, match="set no validation images aside"):
        sweep.sweep_tried("blind", fields, "mnist-badnet")
