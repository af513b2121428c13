"""Charts of proportions as inline SVG in the page's colours: a dot for each measurement, a line through the means."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from site_src.plugin.formats import THIN, percent
from site_src.report.figures import figure

CHART = "chart-cursor"
"""The custom element around a chart, which moves the cursor."""
LEFT, RIGHT, TOP, BOTTOM = 58, 388, 16, 214
"""The plot's area in the figure's own units."""
GAP = 6
"""Between a label of the vertical axis and the plot."""
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
    """`attack` or `accuracy`, for colour and mark."""
    dots: Sequence[Point]
    """Single measurements: place on the horizontal axis, proportion."""
    line: Sequence[Point]
    """The line's points, in order: one for each tick of the axis."""
    n: int | None = None
    """How many samples each proportion was measured on, where that is known: it says how many decimals are shown."""

    def text(self, value: float) -> str:
        """What was measured at a place of the horizontal axis: the line's value, and the dots' range if they differ."""
        mean = percent(next(fraction for place, fraction in self.line if place == value), self.n)
        low, high = (percent(choose(self._dots_at(value)), self.n) for choose in (min, max))
        return mean if low == high else f"{mean} ({low} to {high})"

    def _dots_at(self, value: float) -> list[float]:
        return [fraction for place, fraction in self.dots if place == value]


@dataclass(frozen=True)
class Axis:
    """The horizontal axis."""

    title: str
    ticks: Sequence[tuple[float, str]]
    """Value and text, in order; in the plot, ticks without room are left out."""
    logarithmic: bool = False
    start: float | None = None
    """The value that the cursor lies on at first; the last by default."""


def chart(name: str, series: Sequence[Series], axis: Axis, caption: str, *, cut: bool = False) -> str:
    """A chart as a figure, with a cursor to move and a table of all values.

    Args:
        name: Unique on the page.
        series: What to show.
        axis: Of the horizontal values.
        caption: Below the chart.
        cut: Whether the vertical axis may begin above zero where all values are near one; the chart then says so.
    """
    x = horizontal([value for value, _ in axis.ticks], logarithmic=axis.logarithmic)
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
    columns = [
        {
            "x": x(value),
            "text": text,
            "cells": [
                {"name": one.name, "kind": one.kind, "y": y(dict(one.line)[value]), "text": one.text(value)}
                for one in series
            ],
        }
        for value, text in axis.ticks
    ]
    places = [value for value, _ in axis.ticks]
    return figure(
        "chart",
        name=name,
        series=drawn,
        ticks=with_room([(x(value), text) for value, text in axis.ticks]),
        grid=[(y(fraction), text) for fraction, text in grid(floor)],
        frame={"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM, "gap": GAP},
        title=axis.title,
        columns=columns,
        start=places.index(axis.start) if axis.start is not None else len(places) - 1,
        begins_at=f"{100 * floor:g}{THIN}%" if floor else None,
        guides=[],
        caption=caption,
    )


def grid(floor: float) -> list[tuple[float, str]]:
    """Five proportions from `floor` to one and their labels, with no more decimals than they need."""
    fractions = [floor + (1 - floor) * step / 4 for step in range(5)]
    return [(fraction, f"{round(100 * fraction, 2):g}{THIN}%") for fraction in fractions]


def horizontal(values: Sequence[float], *, logarithmic: bool) -> Callable[[float], float]:
    """Maps values to places between the left and the right edge."""

    def measure(value: float) -> float:
        return math.log(value) if logarithmic else value

    least = measure(min(values))
    reach = (measure(max(values)) - least) or 1
    width = RIGHT - LEFT - 2 * _MARGIN
    return lambda value: round(LEFT + _MARGIN + width * (measure(value) - least) / reach, 1)


def with_room(ticks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """The ticks that do not overlap their left neighbour."""
    kept: list[tuple[float, str]] = []
    for place, text in ticks:
        if not kept or place - kept[-1][0] >= _ROOM:
            kept.append((place, text))
    return kept
