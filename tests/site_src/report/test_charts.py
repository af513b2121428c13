from __future__ import annotations

import re
from dataclasses import replace

import pytest

from site_src.plugin.formats import THIN
from site_src.report.charts import _FLOORS, GAP, LEFT, Axis, Series, chart, grid

FONT_SIZE = 12
"""Of the labels on a phone, in the figure's own units; `.bd-grid text` in report.css."""
WIDEST_DIGIT = 0.6
"""Of the font's size, in the fonts that the report names."""
NETWORKS = [
    Series(
        "Attack success rate",
        "attack",
        dots=[(1, 0.2), (1, 0.4), (2, 0.9), (2, 1.0)],
        line=[(1, 0.3), (2, 0.95)],
        n=500,
    ),
    Series("Clean accuracy", "accuracy", dots=[(1, 0.99), (2, 0.99)], line=[(1, 0.99), (2, 0.99)], n=500),
]
AXIS = Axis("images", [(1, "one"), (2, "two")])


@pytest.mark.parametrize("floor", [0.0, *_FLOORS])
def test_every_label_of_the_vertical_axis_fits_beside_it(floor: float) -> None:
    assert all(len(text) * WIDEST_DIGIT * FONT_SIZE <= LEFT - GAP for _, text in grid(floor))


@pytest.mark.parametrize("floor", [0.0, *_FLOORS])
def test_a_label_says_exactly_where_its_line_lies(floor: float) -> None:
    for fraction, text in grid(floor):
        assert float(text.removesuffix(f"{THIN}%")) == pytest.approx(100 * fraction)


def test_every_value_is_in_the_table_and_the_last_is_read_out() -> None:
    html = chart("name", NETWORKS, AXIS, "Caption")
    table = html[html.index("<table") :]
    rows = re.findall(r'<tr data-x="[\d.]+"><th scope="row">(\w+)</th>(.*)</tr>', table)
    assert [text for text, _ in rows] == ["one", "two"]
    assert f"30.0{THIN}% (20.0{THIN}% to 40.0{THIN}%)" in rows[0][1]
    assert f">99.0{THIN}%<" in rows[0][1]
    readout = html[html.index("bd-readout") : html.index("</chart-cursor>")]
    assert "<strong>two</strong>" in readout
    assert f"<b>95.0{THIN}% (90.0{THIN}% to 100.0{THIN}%)</b>" in readout


def test_a_cursor_may_begin_elsewhere_and_lies_on_the_means() -> None:
    html = chart("name", NETWORKS, replace(AXIS, start=1), "Caption")
    assert '<chart-cursor start="0">' in html
    row = re.search(r'<tr data-x="([\d.]+)">.*?data-y="([\d.]+)"', html)
    assert row is not None
    assert f'<path class="bd-cursor" d="M{row[1]} ' in html
    assert f'<circle class="bd-cursor-ring" cx="{row[1]}" cy="{row[2]}"' in html


def test_an_axis_that_is_cut_off_says_so() -> None:
    accuracy = NETWORKS[1:]
    assert f"The axis begins at 99{THIN}%." in chart("name", accuracy, AXIS, "Caption", cut=True)
    assert "begins at" not in chart("name", accuracy, AXIS, "Caption")
