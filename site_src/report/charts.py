"""Charts of proportions as inline SVG in the page's colours: a dot for each measurement, a line through the means."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from site_src.plugin.formats import percent
from site_src.report.figures import figure

LEFT, RIGHT, TOP, BOTTOM = 44, 388, 16, 214
"""The plot's area in the figure's own units."""
_MARGIN = 10
_FLOORS = (0.99, 0.98, 0.96, 0.9, 0.8, 0.5)
_ROOM = 34
"""Width of a label on the horizontal axis."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Series:
    """One metric."""

    name: str
    kind: str
    """`clean` or `attack`, for colour and mark."""
    dots: Sequence[Point]
    """Single measurements: place on the horizontal axis, proportion."""
    line: Sequence[Point]
    """The line's points, in order."""


@dataclass(frozen=True)
class Axis:
    """The horizontal axis."""

    title: str
    ticks: Sequence[tuple[float, str]]
    """Value and text, in order; ticks without room are left out."""
    logarithmic: bool = False


def chart(name: str, series: Sequence[Series], axis: Axis, caption: str, *, cut: bool = False) -> str:
    """A chart as a figure.

    Args:
        name: Unique on the page.
        series: What to show.
        axis: Of the horizontal values.
        caption: Below the chart.
        cut: Whether the vertical axis may begin above zero where all values are near one; the chart then says so.
    """
    x = _horizontal([value for value, _ in axis.ticks], logarithmic=axis.logarithmic)
    values = [value for one in series for _, value in [*one.dots, *one.line]]
    floor = next((candidate for candidate in _FLOORS if cut and min(values) >= candidate), 0.0)

    def y(fraction: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (fraction - floor) / (1 - floor), 1)

    drawn = [
        {
            "name": one.name,
            "kind": one.kind,
            "dots": [(x(value), y(fraction)) for value, fraction in one.dots],
            "line": [(x(value), y(fraction)) for value, fraction in one.line],
        }
        for one in series
    ]
    fractions = [floor + (1 - floor) * step / 4 for step in range(5)]
    return figure(
        "chart",
        name=name,
        series=drawn,
        ticks=_with_room([(x(value), text) for value, text in axis.ticks]),
        grid=[(y(fraction), percent(fraction, 500 if floor >= 0.9 else 0)) for fraction in fractions],
        frame={"left": LEFT, "right": RIGHT, "bottom": BOTTOM},
        title=axis.title,
        begins_at=percent(floor, 0) if floor else None,
        caption=caption,
    )


def _horizontal(values: Sequence[float], *, logarithmic: bool) -> Callable[[float], float]:
    """Maps values to places between the left and the right edge."""

    def measure(value: float) -> float:
        return math.log(value) if logarithmic else value

    least = measure(min(values))
    reach = (measure(max(values)) - least) or 1
    width = RIGHT - LEFT - 2 * _MARGIN
    return lambda value: round(LEFT + _MARGIN + width * (measure(value) - least) / reach, 1)


def _with_room(ticks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """The ticks that do not overlap their left neighbour."""
    kept: list[tuple[float, str]] = []
    for place, text in ticks:
        if not kept or place - kept[-1][0] >= _ROOM:
            kept.append((place, text))
    return kept
