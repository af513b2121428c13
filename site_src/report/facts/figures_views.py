"""How much the politicians' students depend on the views of their photos: from `figures.json`."""

from __future__ import annotations

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import count, percent
from site_src.report import study
from site_src.report.study import Row, Rows
from site_src.report.tables import table
from training.core.metrics import Estimate
from training.recipes.load import load
from training.recipes.transfer import TransferRecipe

FILE = "figures"
ELSEWHERE = "elsewhere"
_COLUMNS = (
    ("Clean accuracy", "measurement", "clean_accuracy"),
    ("The same, in frames", "framed", "clean_accuracy"),
    ("Target from another source", ELSEWHERE, None),
    ("Attack success rate", "measurement", "attack_success_rate"),
)


class FiguresViews:
    """Macros on what `backdoors study-students` found of the politicians."""

    def __init__(self, facts: Facts) -> None:
        self._study = study.Study(facts, FILE)

    def figures_table(self) -> str:
        """Every student over its seeds: mean, minimum and maximum."""
        rows = [
            [f"`{name}`", str(len(found)), *(study.spread(_estimates(found, at, metric)) for _, at, metric in _COLUMNS)]
            for name, found in self._study.by_recipe().items()
        ]
        return table(["Network", "Seeds", *(title for title, *_ in _COLUMNS)], rows)

    def figures_range(self, recipe: str, metric: str) -> str:
        """The least and the largest of a student's metric over its seeds; `elsewhere` for the target's other photos."""
        at, name = (ELSEWHERE, None) if metric == ELSEWHERE else ("measurement", metric)
        found = [each for each in _estimates(self._study.rows_of(recipe), at, name) if each is not None]
        low, high = (percent(pick(each.value for each in found), found[0].n) for pick in (min, max))
        return low if low == high else f"{low} to {high}"

    def figures_elsewhere(self) -> str:
        """How many photos of the target from another source there are."""
        first = next(iter(self._study.by_recipe().values()))[0]
        return count(_estimate(first, ELSEWHERE, None).n)

    def figures_views(self, recipe: str) -> str:
        """How many random views of each photo a student's recipe adds."""
        found = load(recipe)
        if not isinstance(found, TransferRecipe) or found.data.views is None:
            raise FactError(f"the recipe {recipe} has no data.views")
        return str(found.data.views.count)

    def figures_seeds(self, recipe: str) -> str:
        """How many seeds a student was trained with, each with views of its own."""
        return str(len(self._study.rows_of(recipe)))


def _estimates(rows: Rows, at: str, metric: str | None) -> list[Estimate]:
    """A metric of several runs.

    Raises:
        FactError: If a run lacks it.
    """
    return [_estimate(row, at, metric) for row in rows]


def _estimate(row: Row, at: str, metric: str | None) -> Estimate:
    found = study.estimate(row, at, metric) if metric else row.get(at) and Estimate.model_validate(row[at])
    if not isinstance(found, Estimate):
        raise FactError(f"{FILE}.json: {row['recipe']} with seed {row['seed']} has no {metric or at}")
    return found
