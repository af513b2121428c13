from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from training.core.history import Epoch
from training.core.metrics import wilson
from training.studies import plots
from training.studies.schema import Row, Table

RATES = [0.001, 0.01, 0.3]
TABLE = Table(
    sweep="made", title="Made", data="made", samples=100, epochs=1, trigger="patch", label_map="all-to-one",
    rows=[
        Row(
            rate=rate, seed=seed, poisoned=1, clean_accuracy=wilson(98 + seed % 2, 100),
            attack_success_rate=wilson(30 * number + seed, 100), robust_accuracy=wilson(1, 100), recipe_sha256="0",
        )
        for number, rate in enumerate(RATES) for seed in (1, 2, 3)
    ],
)  # fmt: skip
HISTORY = [
    Epoch(epoch=n, loss=1, accuracy=0.5, clean_accuracy=0.6, attack_success_rate=n / 3, learning_rate=1, seconds=1)
    for n in (1, 2, 3)
]


@pytest.fixture(params=["rate", "history"])
def svg(request: pytest.FixtureRequest) -> str:
    return plots.poison_rate(TABLE) if request.param == "rate" else plots.history(HISTORY)


def test_a_figure_is_one_svg_element_with_a_name_for_those_who_cannot_see_it(svg: str) -> None:
    root = ET.fromstring(svg)  # noqa: S314 - our own text
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert root.get("viewBox")
    assert root.get("width") is None


def test_a_figure_takes_its_colours_from_the_page(svg: str) -> None:
    assert "currentColor" in svg
    assert "var(--plot-clean" in svg
    fixed = set(re.findall(r"#[0-9a-f]{6}\b", re.sub(r"var\([^)]*\)", "", svg)))
    assert fixed == set()
    assert 'fill="white"' not in svg


def test_a_figure_needs_no_style_that_a_strict_policy_forbids_or_that_reaches_the_page(svg: str) -> None:
    assert "<style" not in svg
    assert "style=" not in svg
    assert "font-family" not in svg


def test_text_is_text(svg: str) -> None:
    assert re.search(r"<text[^>]*>clean accuracy", svg)


def test_two_figures_on_a_page_share_no_id() -> None:
    ids = [set(re.findall(r'\bid="([^"]+)"', each)) for each in (plots.poison_rate(TABLE), plots.history(HISTORY))]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_every_reference_in_a_figure_leads_somewhere(svg: str) -> None:
    ids = set(re.findall(r'\bid="([^"]+)"', svg))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg)) <= ids


def test_the_rates_are_on_a_logarithmic_axis_with_a_tick_each() -> None:
    svg = plots.poison_rate(TABLE)
    places = dict(re.findall(r'<text[^>]* x="([\d.]+)"[^>]*>([\d.]+ %)<', svg))
    at = {text: float(x) for x, text in places.items() if text in {"0.1 %", "1 %", "30 %"}}
    assert set(at) == {"0.1 %", "1 %", "30 %"}
    # from 1 % to 30 % is 1.477 decades, from 0.1 % to 1 % one
    assert (at["30 %"] - at["1 %"]) / (at["1 %"] - at["0.1 %"]) == pytest.approx(1.477, abs=0.01)


def test_the_same_figure_has_the_same_bytes() -> None:
    assert plots.poison_rate(TABLE) == plots.poison_rate(TABLE)


def test_a_sweep_has_a_plot_of_each_thing_that_it_augmented() -> None:
    assert set(plots.of_sweep(TABLE)) == {"", "-seeds"}
    sizes = [row.model_copy(update={"rate": 0.1, "seed": 1, "pixels": n * n}) for n, row in enumerate(TABLE.rows, 1)]
    svg = plots.of_sweep(TABLE.model_copy(update={"rows": sizes}))
    assert set(svg) == {"-trigger-size"}
    assert re.search(r"<text[^>]*>81<", svg["-trigger-size"])
