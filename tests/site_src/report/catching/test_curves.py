from __future__ import annotations

import re

import pytest

from site_src.plugin.formats import THIN
from site_src.report.catching.curves import (
    ALARMS,
    Curve,
    detected,
    histogram,
    outline,
    rebinned,
    roc,
    shortened,
    thinned,
)
from tests.site_src.report.catching.small_study import samples
from training.defences.verdict import SampleScores

GROUPS = {"clean": "Clean images", "poisoned": "Triggered images"}


def verdict(hits: int) -> SampleScores:
    made = samples(hits)
    assert isinstance(made, SampleScores)
    return made


def values(html: str) -> dict[str, str]:
    """The table of a chart: the value of its first series at each place."""
    return dict(re.findall(r'<tr data-x="[\d.]+"><th scope="row">([^<]+)</th><td data-y="[\d.]+">([^<]+)</td>', html))


def test_a_curve_is_read_out_where_it_was_measured_and_shown_as_the_median_of_its_networks() -> None:
    found = values(roc("name", [Curve("Found", [verdict(90), verdict(40), verdict(60)])], "Caption"))
    assert list(found) == [f"{100 * each:g}{THIN}%" for each in ALARMS]
    # of the 10, 40 and 60 others some score like the clean samples that are allowed to raise an alarm
    assert found[f"1{THIN}%"] == f"60{THIN}% (40 to 90{THIN}%)"
    assert found[f"100{THIN}%"] == f"100{THIN}%"


def test_each_network_has_a_line_and_each_defence_a_colour() -> None:
    html = roc("zoo", [Curve("One", [verdict(9), verdict(8)]), Curve("Two", [verdict(7)])], "Caption")
    assert html.count("<polyline") == 3
    assert html.count('class="bd-series bd-series-attack"') == 2
    assert html.count('class="bd-series bd-series-accuracy"') == 1
    assert "One and two by False alarms" in html


def test_the_measured_detection_is_preferred_to_the_thinned_curve() -> None:
    given = verdict(90)
    assert given.detected_at_1 is not None
    other = given.model_copy(update={"detected_at_1": given.detected_at_1.model_copy(update={"value": 0.5})})
    assert detected(other, 0.01) == 0.5
    assert detected(given, 0.0) == pytest.approx(0.9)


def test_a_histogram_shows_fractions_of_each_group_and_the_threshold() -> None:
    html = histogram("name", verdict(90), GROUPS, "Caption")
    triggered = re.findall(r"<tr data-x=.*?</td><td[^>]*>([\d.]+)\s*%</td></tr>", html)
    assert sum(float(each) for each in triggered) == pytest.approx(100, abs=1)
    assert f">90{THIN}%</td></tr>" in html
    assert 'class="bd-guide"' in html
    ranking = verdict(90).model_copy(update={"decision": None})
    assert 'class="bd-guide"' not in histogram("name", ranking, GROUPS, "Caption")


def test_a_thinned_curve_keeps_both_ends() -> None:
    points = [(each / 10, each / 10) for each in range(11)]
    assert thinned(points, 3) == [(0, 0), (0.5, 0.5), (1, 1)]
    assert thinned(points, 50) == points


def test_bins_are_put_together_without_losing_a_sample() -> None:
    edges, (first,) = rebinned([0, 1, 2, 3, 4, 5], [[1, 2, 3, 4, 5]], 3)
    assert (edges, first) == ([0, 2, 4, 5], [3, 7, 5])


def test_an_outline_steps_from_bar_to_bar_and_ends_on_the_ground() -> None:
    found = outline([0, 1, 2], [3, 4], lambda x: x, lambda y: -y)
    assert found[1:-1] == [(0, -3), (1, -3), (1, -4), (2, -4)]
    assert found[0][1] == found[-1][1]


@pytest.mark.parametrize(
    ("value", "reach", "text"),
    [
        (-8.1e-05, 1.0, "0.0"),
        (0.0123, 0.02, "0.012"),
        (100.0, 100.0, "100"),
        (12.34, 20.0, "12"),
        (3.0, 0.0, "3.00"),
        (4004339.0, 4004339.0, f"4.0{THIN}M"),
    ],
)
def test_numbers_have_the_decimals_that_matter(value: float, reach: float, text: str) -> None:
    assert shortened(value, reach) == text
