"""ROC curves and histograms of scores as inline SVG, with the cursor and the table of values of every other chart."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import numpy as np

from site_src.plugin.formats import THIN, percent
from site_src.report.charts import BOTTOM, GAP, LEFT, RIGHT, TOP, Point, grid, horizontal, with_room
from site_src.report.figures import figure
from training.defences.verdict import SampleScores

_Scale = Callable[[float], float]
_FRAME = {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM, "gap": GAP}

KINDS = ("attack", "accuracy", "third")
"""Colours and marks of several curves, in this order."""
ALARMS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Where a ROC curve is read out."""
AT_FIRST = 0.01
POINTS = 60
"""Of a curve as it is drawn, at most."""
MILLION = 1_000_000
BARS = 20
"""Of a histogram, at most; files have more."""


class Curve(NamedTuple):
    """One defence's ROC curve, on one or several networks."""

    name: str
    verdicts: Sequence[SampleScores]


def roc(name: str, curves: Sequence[Curve], caption: str) -> str:
    """ROC curves as a figure: what is detected at each rate of false alarms.

    Args:
        name: Unique on the page.
        curves: Up to three; a curve of several networks is drawn once for each, and read out as their median and range.
        caption: Below the chart.
    """
    x, y = horizontal([0.0, 1.0], logarithmic=False), _vertical(1.0)
    drawn = [
        {"name": curve.name, "kind": kind, "dots": [], "line": [(x(a), y(b)) for a, b in thinned(verdict.roc, POINTS)]}
        for kind, curve in zip(KINDS, curves, strict=False)
        for verdict in curve.verdicts
    ]
    columns = []
    for alarms in ALARMS:
        cells = []
        for kind, curve in zip(KINDS, curves, strict=False):
            values = [detected(verdict, alarms) for verdict in curve.verdicts]
            text = _over(values, min(verdict.poisoned for verdict in curve.verdicts))
            cells.append({"name": curve.name, "kind": kind, "y": y(median(values)), "text": text})
        columns.append({"x": x(alarms), "text": f"{100 * alarms:g}{THIN}%", "cells": cells})
    return figure(
        "chart", name=name, series=drawn, columns=columns, start=ALARMS.index(AT_FIRST),
        ticks=with_room([(column["x"], column["text"]) for column in columns]),  # type: ignore[misc]
        grid=[(y(fraction), text) for fraction, text in grid(0)], frame=_FRAME, title="False alarms", begins_at=None,
        guides=[f"M{x(0)} {BOTTOM}L{x(1)} {TOP}"], caption=caption,
    )  # fmt: skip


def histogram(name: str, verdict: SampleScores, groups: Mapping[str, str], caption: str) -> str:
    """The scores of clean and of poisoned samples as a figure: which fraction of either has which score.

    Args:
        name: Unique on the page.
        verdict: The scores.
        groups: Titles of `clean` and `poisoned`.
        caption: Below the chart.
    """
    edges, counts = rebinned(verdict.histogram.edges, [verdict.histogram.clean, verdict.histogram.poisoned], BARS)
    fractions = [[count / (sum(group) or 1) for count in group] for group in counts]
    top = max(max(group) for group in fractions)
    x, y = horizontal([edges[0], edges[-1]], logarithmic=False), _vertical(top)
    kinds = ("accuracy", "attack")
    drawn = [
        {"name": title, "kind": f"{kind} bd-steps-of-{key}", "dots": [], "line": outline(edges, group, x, y)}
        for kind, (key, title), group in zip(kinds, groups.items(), fractions, strict=True)
    ]
    columns, step = [], edges[1] - edges[0]
    for at, (low, high) in enumerate(pairwise(edges)):
        cells = [
            {"name": title, "kind": kind, "y": y(group[at]), "text": percent(group[at], sum(own))}
            for kind, title, group, own in zip(kinds, groups.values(), fractions, counts, strict=True)
        ]
        columns.append(
            {"x": x((low + high) / 2), "text": f"{shortened(low, step)} to {shortened(high, step)}", "cells": cells}
        )
    ends = (edges[0], (edges[0] + edges[-1]) / 2, edges[-1])
    threshold = verdict.decision.threshold if verdict.decision else None
    guides = [f"M{x(threshold)} {BOTTOM}V{TOP}"] if threshold is not None and ends[0] <= threshold <= ends[-1] else []
    return figure(
        "chart", name=name, series=drawn, columns=columns, start=int(np.argmax(fractions[1])),
        ticks=with_room([(x(edge), shortened(edge, edges[-1] - edges[0])) for edge in ends]),
        grid=[(y(top * part / 4), f"{shortened(25 * top * part, 10 * top)}{THIN}%") for part in range(5)],
        frame=_FRAME, title="Score", begins_at=None, guides=guides, caption=caption,
    )  # fmt: skip


def shortened(value: float, reach: float) -> str:
    """A number with the decimals that matter to numbers that reach so far; in millions where they reach far.

    No negative zero, and no exponent.
    """
    if reach >= MILLION / 10:
        return f"{shortened(value / MILLION, reach / MILLION)}{THIN}M"
    decimals = max(0, 1 - math.floor(math.log10(reach))) if reach > 0 else 2
    return f"{round(value, decimals) + 0.0:.{decimals}f}"


def detected(verdict: SampleScores, alarms: float) -> float:
    """What is detected at a rate of false alarms: at 1 % and 5 % as measured, else the curve's last point before it.

    A curve in a file is thinned, so that reading it at 1 % could differ from the number in the table.
    """
    exact = {0.01: verdict.detected_at_1, 0.05: verdict.detected_at_5}.get(alarms)
    return exact.value if exact else max(true for false, true in verdict.roc if false <= alarms)


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """At most so many of the points, the first and the last among them."""
    chosen = np.unique(np.linspace(0, len(points) - 1, most).round().astype(int))
    return [points[at] for at in chosen]


def rebinned(edges: Sequence[float], counts: Sequence[Sequence[int]], most: int) -> tuple[list[float], list[list[int]]]:
    """Bins put together, so that there are at most so many.

    Args:
        edges: Bounds of the bins, one more than there are bins.
        counts: Samples in each bin, for each group.
        most: Bins.
    """
    together = -(-(len(edges) - 1) // most)
    starts = range(0, len(edges) - 1, together)
    merged = [[sum(group[at : at + together]) for at in starts] for group in counts]
    return [edges[at] for at in starts] + [edges[-1]], merged


def outline(edges: Sequence[float], heights: Sequence[float], x: _Scale, y: _Scale) -> list[Point]:
    """The outline of a histogram, from the ground and back to it."""
    steps = [(x(edge), y(height)) for at, height in enumerate(heights) for edge in edges[at : at + 2]]
    return [(steps[0][0], BOTTOM), *steps, (steps[-1][0], BOTTOM)]


def _vertical(top: float) -> _Scale:
    return lambda value: round(BOTTOM - (BOTTOM - TOP) * value / (top or 1), 1)


def _over(values: Sequence[float], n: int) -> str:
    middle, low, high = (percent(each, n) for each in (median(values), min(values), max(values)))
    return middle if low == high else f"{middle} ({low.removesuffix(f'{THIN}%')} to {high})"
