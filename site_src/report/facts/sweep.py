"""Sweeps and training histories, as figures and numbers for several pages."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN, count, percent
from site_src.plugin.page import PageBuilder
from site_src.plugin.problems import did_you_mean
from site_src.report.charts import CHART, Axis, Series, chart
from site_src.report.estimates import over_seeds, with_interval
from site_src.report.tables import table
from training.core.metrics import Estimate
from training.recipes.load import load

_MOSTLY = 0.9
"""From which success rate on an attack counts as working: a plot's cursor begins at the first such rate."""

Rows = list[dict[str, Any]]

SERIES = (
    ("attack_success_rate", "Attack success rate", "attack"),
    ("clean_accuracy", "Clean accuracy", "accuracy"),
)


class Sweep:
    """Macros that read metrics files: a sweep's rows, `history/<model>`'s epochs."""

    def __init__(self, page: PageBuilder, facts: Facts) -> None:
        self._page = page
        self._facts = facts

    def sweep_runs(self, name: str) -> str:
        """How many networks were trained for a sweep."""
        return str(len(self._rows(name)))

    def sweep_epochs(self, name: str) -> str:
        """How many epochs each network of a sweep was trained for."""
        epochs = int(self._table(name)["epochs"])
        return "one epoch" if epochs == 1 else f"{epochs} epochs"

    def sweep_seeds(self, name: str) -> str:
        """How many networks were trained at each rate, one for each seed."""
        return str(min(len(rows) for rows in self._by_rate(name).values()))

    def sweep_threshold(self, name: str, success: float) -> str:
        """The lowest rate of a sweep at which the attack succeeds at least that often with every seed."""
        return _rate(self._threshold(name, success)[0])

    def sweep_at(self, name: str, rate: float, metric: str) -> str:
        """Mean of a metric over the seeds at one rate."""
        by_rate = self._by_rate(name)
        if rate not in by_rate:
            raise FactError(f"the sweep {name} has no rate {rate}; it has {', '.join(map(str, sorted(by_rate)))}")
        return percent(_mean(by_rate[rate], metric))

    def sweep_threshold_images(self, name: str, success: float) -> str:
        """How many images are poisoned at the rate of `sweep_threshold`."""
        return count(max(row["poisoned"] for row in self._threshold(name, success)[1]))

    def sweep_figure(self, name: str, caption: str, by: str = "rate") -> str:
        """The plot of a sweep by `rate`, the trigger's `pixels` or `seed`: one dot for each network."""
        if by not in _AXES:
            raise FactError(f"a sweep can be plotted by {', '.join(_AXES)}, not by {by}{did_you_mean(by, _AXES)}")
        title, text = _AXES[by]
        found = self._by(name, by)
        series = [
            Series(
                words,
                kind,
                dots=[(place, _value(row, metric)) for place, rows in found.items() for row in rows],
                line=[(place, _mean(rows, metric)) for place, rows in found.items()],
                n=_fewest(found, metric),
            )
            for metric, words, kind in SERIES
        ]
        start = next((place for place, rows in found.items() if by == "rate" and _succeeds(rows, _MOSTLY)), None)
        ticks = [(place, text(place)) for place in found]
        axis = Axis(title, ticks, logarithmic=by == "rate", start=start)
        return self._page.place(chart(name if by == "rate" else f"{name}-{by}", series, axis, caption), CHART)

    def sweep_tried(self, name: str, settings: dict[str, str], recipe: str) -> str:
        """What a sweep found on validation images, a row for each of its settings; the recipe's own row is in bold.

        Over several seeds it is the mean, with the interval that holds all of theirs.

        Args:
            name: The sweep.
            settings: The headings of what was varied, by the fields' dotted names.
            recipe: The packaged recipe whose settings the sweep tries others of.

        Raises:
            FactError: If the sweep did not vary these fields, or set no validation images aside.
        """
        own = load(recipe).model_dump(mode="json")
        rows = []
        for tried, found in self._tried(name):
            if set(tried) != set(settings):
                raise FactError(f"the sweep {name} varied {', '.join(tried) or 'no field'}, not {', '.join(settings)}")
            cells = [f"{tried[field]:g}" for field in settings] + [with_interval(each) for each in found]
            cells = [f"**{cell}**" for cell in cells] if _are_of(own, tried) else cells
            rows.append((*(tried[field] for field in settings), cells))
        headings = [*settings.values(), "Clean accuracy", "Attack success rate"]
        return table(headings, [row[-1] for row in sorted(rows, key=lambda each: each[:-1])])

    def sweep_smallest(self, name: str, field: str, success: float) -> str:
        """The smallest value of a field at which the attack succeeds that often on validation images, with every seed.

        Raises:
            FactError: If there is none, or the sweep set no validation images aside.
        """
        networks: dict[float, list[float]] = defaultdict(list)
        for settings, (_, reached) in self._validated(name):
            networks[float(settings[field])].append(reached.value)
        enough = [value for value, found in networks.items() if min(found) >= success]
        if not enough:
            raise FactError(f"no {field} of the sweep {name} reaches {success} with every seed")
        return f"{min(enough):g}"

    def sweep_better(self, name: str, recipe: str) -> str:
        """How many of a sweep's settings beat the recipe's on validation images: their interval lies above its own.

        Raises:
            FactError: If the sweep did not try the recipe's settings, or set no validation images aside.
        """
        own = load(recipe).model_dump(mode="json")
        tried = self._tried(name)
        mine = next((found for settings, found in tried if _are_of(own, settings)), None)
        if mine is None:
            raise FactError(f"the sweep {name} did not try the settings of {recipe}")
        better = sum(any(other.low > each.high for other, each in zip(found, mine, strict=True)) for _, found in tried)
        return count(better) if better else "none"

    def history_figure(self, model: str, caption: str) -> str:
        """A model's metrics after each epoch."""
        epochs = self._epochs(model)
        series = []
        for metric, title, kind in SERIES:
            points = [(float(epoch["epoch"]), float(epoch[metric])) for epoch in epochs]
            n = self._facts.estimate(model, metric).n
            series.append(Series(title, kind, dots=points, line=points, n=n))
        axis = Axis("epoch", [(float(epoch["epoch"]), str(epoch["epoch"])) for epoch in epochs])
        return self._page.place(chart(f"history-{model}", series, axis, caption, cut=True), CHART)

    def history_at(self, model: str, epoch: int, metric: str) -> str:
        """A metric of a model after an epoch."""
        for one in self._epochs(model):
            if one["epoch"] == epoch:
                return percent(float(one[metric]), self._facts.estimate(model, metric).n)
        raise FactError(f"the history of {model} has no epoch {epoch}")

    def epochs(self, model: str) -> str:
        """How many epochs a model was trained for."""
        return str(len(self._epochs(model)))

    def _epochs(self, model: str) -> Rows:
        found = self._facts.measurements(f"history/{model}")
        provenance = self._facts.card(model).provenance
        if provenance is not None and found["recipe_sha256"] != provenance.recipe_sha256:
            raise FactError(f"the history of {model} belongs to another recipe than its card: export the model again")
        rows: Rows = found["epochs"]
        return rows

    def _tried(self, name: str) -> list[tuple[dict[str, Any], list[Estimate]]]:
        """The settings that a sweep tried, each with clean accuracy and attack success on validation images."""
        found: dict[str, tuple[dict[str, Any], list[list[Estimate]]]] = {}
        for settings, measured in self._validated(name):
            _, networks = found.setdefault(json.dumps(settings, sort_keys=True), (settings, []))
            networks.append(measured)
        return [
            (settings, [over_seeds(each) for each in zip(*networks, strict=True)])
            for settings, networks in found.values()
        ]

    def _validated(self, name: str) -> Iterator[tuple[dict[str, Any], list[Estimate]]]:
        """The settings of each network of a sweep, and what was measured on validation images."""
        for row in self._rows(name):
            measured = [row["validation_accuracy"], row["validation_success"]]
            if None in measured:
                raise FactError(f"the sweep {name} set no validation images aside")
            yield row["settings"] or {}, [Estimate.model_validate(each) for each in measured]

    def _threshold(self, name: str, success: float) -> tuple[float, Rows]:
        for rate, rows in sorted(self._by_rate(name).items()):
            if _succeeds(rows, success):
                return rate, rows
        raise FactError(f"no rate of the sweep {name} reaches an attack success rate of {success} with every seed")

    def _rows(self, name: str) -> Rows:
        rows: Rows = self._table(name)["rows"]
        if not rows:
            raise FactError(f"the sweep {name} has no rows")
        return rows

    def _table(self, name: str) -> dict[str, Any]:
        table: dict[str, Any] = self._facts.measurements(name)
        return table

    def _by_rate(self, name: str) -> dict[float, Rows]:
        return self._by(name, "rate")

    def _by(self, name: str, column: str) -> dict[float, Rows]:
        found: dict[float, Rows] = defaultdict(list)
        for row in self._rows(name):
            if row.get(column) is None:
                raise FactError(f"the sweep {name} does not record its networks' {column}")
            found[float(row[column])].append(row)
        return dict(sorted(found.items()))


def _field(recipe: dict[str, Any], name: str) -> object:
    """A field of a recipe by its dotted name."""
    found: Any = recipe
    for part in name.split("."):
        found = found[part]
    return found


def _are_of(recipe: dict[str, Any], settings: dict[str, Any]) -> bool:
    return all(_field(recipe, field) == value for field, value in settings.items())


def _value(row: dict[str, Any], metric: str) -> float:
    found = row[metric]
    return float(found["value"] if isinstance(found, dict) else found)


def _mean(rows: Rows, metric: str) -> float:
    return sum(_value(row, metric) for row in rows) / len(rows)


def _succeeds(rows: Rows, success: float) -> bool:
    """Whether the attack succeeds at least that often with every seed."""
    return all(_value(row, "attack_success_rate") >= success for row in rows)


def _fewest(found: dict[float, Rows], metric: str) -> int | None:
    """The smallest number of samples behind a metric; None where rows do not say."""
    counts = [row[metric]["n"] for rows in found.values() for row in rows if isinstance(row[metric], dict)]
    return min(counts, default=None)


def _rate(rate: float) -> str:
    return f"{100 * rate:g}{THIN}%"


_AXES: dict[str, tuple[str, Callable[[float], str]]] = {
    "rate": ("fraction of poisoned training images, logarithmic", _rate),
    "pixels": ("pixels that the trigger covers", count),
    "seed": ("seed", count),
}
"""What a sweep can be plotted by: title of the axis, and a value's text."""
