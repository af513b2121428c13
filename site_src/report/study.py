"""The latent backdoor's study (`latent.json`), read for several pages."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import percent
from site_src.report.figures import bar
from training.core.metrics import Estimate, Measurement

STUDY = "latent"

Row = dict[str, Any]
Rows = list[Row]


class Study:
    """What `make latent-study` measured, or another study of the same form."""

    def __init__(self, facts: Facts, file: str = STUDY) -> None:
        self._facts, self._file = facts, file

    @property
    def content(self) -> dict[str, Any]:
        """The whole file."""
        found: dict[str, Any] = self._facts.measurements(self._file)
        return found

    @property
    def student(self) -> str:
        """The recipe of the backdoored teacher's student, which alterations and defences were measured on."""
        return str(self.content["student"])

    def by_recipe(self) -> dict[str, Rows]:
        """The rows of every network, one for each seed."""
        found: dict[str, Rows] = defaultdict(list)
        for row in self.content["results"]:
            found[row["recipe"]].append(row)
        return dict(found)

    def rows_of(self, recipe: str) -> Rows:
        """The rows of one network.

        Raises:
            FactError: If the study has none.
        """
        found = self.by_recipe()
        if recipe not in found:
            raise FactError(f"{self._file}.json has no network {recipe}; it has {', '.join(found)}")
        return found[recipe]


def estimate(row: Row, at: str, metric: str) -> Estimate | None:
    """A metric of one row; None where the network has no such class.

    Args:
        row: A network at one seed.
        at: How it was measured: `measurement`, `int8` or `framed`.
        metric: Name of the metric.

    Raises:
        FactError: If the row was not measured that way.
    """
    if row.get(at) is None:
        raise FactError(f"{STUDY}.json: {row['recipe']} with seed {row['seed']} has no {at}: run `make latent-study`")
    found: Estimate | None = getattr(Measurement.model_validate(row[at]), metric)
    return found


def mean(rows: Rows, at: str, metric: str) -> str:
    """Mean of a metric over the seeds.

    Raises:
        FactError: If no row has it.
    """
    found = [each for row in rows if (each := estimate(row, at, metric))]
    if not found:
        raise FactError(f"{STUDY}.json: {rows[0]['recipe']} has no {metric}")
    return percent(statistics.mean(each.value for each in found), found[0].n)


def spread(estimates: Sequence[Estimate | None]) -> str:
    """Mean, with minimum and maximum in brackets where there are several."""
    found = [each for each in estimates if each is not None]
    if not found:
        return "no such class"
    values = [each.value for each in found]
    middle = percent(statistics.mean(values), found[0].n)
    if len(values) == 1:
        return middle
    return f"{middle} ({percent(min(values), found[0].n)} to {percent(max(values), found[0].n)})"


def shown(measured: dict[str, Any]) -> str:
    """A proportion of the file as a reader sees it."""
    found = Estimate.model_validate(measured)
    return percent(found.value, found.n)


def bar_of(measured: dict[str, Any]) -> dict[str, object]:
    """A proportion of the file as a bar."""
    return bar(Estimate.model_validate(measured))
