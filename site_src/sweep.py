"""The poison-rate sweep, as a figure, a table and sentences."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from site_src.expressions import FactError
from site_src.facts import Facts
from site_src.figures import figure
from site_src.formats import THIN, count, percent
from site_src.page import PageBuilder

Rows = list[dict[str, Any]]

FRAME = {"left": 44, "right": 388, "top": 16, "bottom": 214}
"""The plot's area in the figure's own units."""

_SERIES = (
    ("attack_success_rate", "Attack success rate", "attack"),
    ("clean_accuracy", "Clean accuracy", "clean"),
)


class Sweep:
    """Macros that read a sweep's metrics file: `rows` with a rate, a seed and the measures of each run."""

    def __init__(self, page: PageBuilder, facts: Facts) -> None:
        self._page = page
        self._facts = facts

    def sweep_runs(self, name: str) -> str:
        """How many networks were trained for a sweep."""
        return str(len(self._rows(name)))

    def sweep_seeds(self, name: str) -> str:
        """How many seeds each rate was tried with."""
        return str(min(len(rows) for rows in self._by_rate(name).values()))

    def sweep_threshold(self, name: str, success: float) -> str:
        """The lowest rate of a sweep whose attack succeeds at least that often with every seed."""
        return _rate(self._threshold(name, success)[0])

    def sweep_at(self, name: str, rate: float, metric: str) -> str:
        """Mean of a measure over the seeds at one rate."""
        by_rate = self._by_rate(name)
        if rate not in by_rate:
            raise FactError(f"the sweep {name} has no rate {rate}; it has {', '.join(map(str, sorted(by_rate)))}")
        return percent(_mean(by_rate[rate], metric))

    def sweep_table(self, name: str) -> str:
        """Mean, least and most of both measures at each rate, as a Markdown table."""
        lines = ["| Poison rate | Attack success rate | Clean accuracy |", "| --- | --- | --- |"]
        for rate, rows in sorted(self._by_rate(name).items()):
            cells = [_spread(rows, metric) for metric in ("attack_success_rate", "clean_accuracy")]
            lines.append(f"| {_rate(rate)} | {' | '.join(cells)} |")
        return "\n".join(lines)

    def sweep_threshold_pictures(self, name: str, success: float) -> str:
        """How many poisoned pictures the rate of `sweep_threshold` is."""
        return count(max(row["poisoned"] for row in self._threshold(name, success)[1]))

    def sweep_figure(self, name: str, caption: str) -> str:
        """The plot of a sweep: rates on a logarithmic axis, a dot a network, a line through the means."""
        by_rate = dict(sorted(self._by_rate(name).items()))
        axis = _Axis(min(by_rate), max(by_rate))
        series = [
            {
                "name": title,
                "kind": kind,
                "dots": [(axis.x(rate), _y(_value(row, metric))) for rate, rows in by_rate.items() for row in rows],
                "line": [(axis.x(rate), _y(_mean(rows, metric))) for rate, rows in by_rate.items()],
            }
            for metric, title, kind in _SERIES
        ]
        ticks = [(axis.x(rate), _rate(rate)) for rate in by_rate if axis.is_labelled(rate, by_rate)]
        grid = [(_y(share), percent(share, 0)) for share in (0, 0.25, 0.5, 0.75, 1)]
        return self._page.place(
            figure("sweep", series=series, ticks=ticks, grid=grid, frame=FRAME, caption=caption, sweep=name)
        )

    def _threshold(self, name: str, success: float) -> tuple[float, Rows]:
        for rate, rows in sorted(self._by_rate(name).items()):
            if all(_value(row, "attack_success_rate") >= success for row in rows):
                return rate, rows
        raise FactError(f"no rate of the sweep {name} reaches an attack success rate of {success} with every seed")

    def _rows(self, name: str) -> Rows:
        content = self._facts.measurements(name)
        rows: Rows = content["rows"] if isinstance(content, dict) else content
        if not rows:
            raise FactError(f"the sweep {name} has no rows")
        return rows

    def _by_rate(self, name: str) -> dict[float, Rows]:
        found: dict[float, Rows] = defaultdict(list)
        for row in self._rows(name):
            found[float(row["rate"])].append(row)
        return found


def _value(row: dict[str, Any], metric: str) -> float:
    found = row[metric]
    return float(found["value"] if isinstance(found, dict) else found)


def _mean(rows: Rows, metric: str) -> float:
    return sum(_value(row, metric) for row in rows) / len(rows)


def _spread(rows: Rows, metric: str) -> str:
    values = [_value(row, metric) for row in rows]
    return f"{percent(_mean(rows, metric))} ({percent(min(values))} to {percent(max(values))})"


def _rate(rate: float) -> str:
    return f"{100 * rate:g}{THIN}%"


@dataclass(frozen=True)
class _Axis:
    """Poison rates on a logarithmic axis."""

    least: float
    most: float

    def x(self, rate: float) -> float:
        """Place of a rate in the figure."""
        reach = math.log(self.most / self.least) or 1
        first, last = FRAME["left"] + 10, FRAME["right"] - 10
        return round(first + (last - first) * math.log(rate / self.least) / reach, 1)

    def is_labelled(self, rate: float, rates: Iterable[float]) -> bool:
        """Whether there is room for a label: those left of it have been given theirs."""
        room, last = 34, -math.inf
        for other in sorted(rates):
            if self.x(other) - last >= room:
                last = self.x(other)
                if other == rate:
                    return True
        return False


def _y(share: float) -> float:
    return round(FRAME["bottom"] - (FRAME["bottom"] - FRAME["top"]) * share, 1)
