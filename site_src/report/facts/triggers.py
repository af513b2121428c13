"""Triggers side by side: what `backdoors compare` measured of clean and backdoored networks, seed by seed."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from pydantic import ValidationError

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN, samples, unbroken
from site_src.report.estimates import between, over_seeds, with_interval
from site_src.report.tables import code, table
from training.core.metrics import Estimate
from training.recipes import load as recipes
from training.recipes.base import RecipeError
from training.studies.schema import Compared, Comparison


class Triggers:
    """Macros on comparisons of triggers."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def compared(self, *names: str) -> str:
        """Clean accuracy and attack success rate of each recipe in the files of these names, over its seeds.

        Raises:
            FactError: If a file is missing or unreadable, or was measured with a recipe that has changed since.
        """
        rows = []
        for name in names:
            for runs in self._by_recipe(name).values():
                successes = [run.attack_success_rate for run in runs if run.attack_success_rate]
                rows.append(
                    [
                        recipes.load(runs[0].recipe).title,
                        _over_seeds([run.clean_accuracy for run in runs]),
                        _over_seeds(successes) if successes else "—",
                    ]
                )
        return table(["Network", "Clean accuracy", "Attack success rate"], rows)

    def compared_seeds(self, *names: str) -> str:
        """How many seeds each recipe of these comparisons was trained with: their number, or the least and the most."""
        counts = sorted({len(runs) for name in names for runs in self._by_recipe(name).values()})
        return str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"

    def compared_success(self, *names: str) -> str:
        """The lowest and the highest attack success rate of a recipe of these comparisons, each a mean over its seeds.

        Raises:
            FactError: As `compared`, or if no network of theirs has a backdoor.
        """
        found = [
            [run.attack_success_rate for run in runs if run.attack_success_rate and run.poison_rate]
            for name in names
            for runs in self._by_recipe(name).values()
        ]
        means = sorted((fmean(each.value for each in rates), rates[0].n) for rates in found if rates)
        if not means:
            raise FactError(f"{', '.join(names)}: no network has a backdoor")
        (low, n), (high, _) = means[0], means[-1]
        return between(low, high, n)

    def compared_recipes(self, *names: str) -> str:
        """The recipes of comparisons, as code blocks."""
        found = [recipe for name in names for recipe in self._by_recipe(name)]
        return "\n\n".join(code("toml", recipes.locate(each).read_text("utf-8").strip()) for each in found)

    def compared_trigger(self, name: str, recipe: str) -> str:
        """The trigger of a recipe of a comparison, in words.

        Raises:
            FactError: As `compared`, or if the recipe is not in it or has no backdoor.
        """
        trigger = next((run.trigger for run in self._by_recipe(name).get(recipe, [])), None)
        if trigger is None:
            raise FactError(f"{name} has no backdoored network of the recipe {recipe}")
        return unbroken(trigger)

    def compared_rate(self, name: str, field: str) -> str:
        """The highest `poison_rate` or `noise_rate` in a comparison.

        Raises:
            FactError: As `compared`, or if no network has such a rate.
        """
        rates = [getattr(run, field) for runs in self._by_recipe(name).values() for run in runs]
        known = [rate for rate in rates if rate is not None]
        if not known:
            raise FactError(f"{name}: no network has a {field}")
        return f"{100 * max(known):g}{THIN}%"

    def _by_recipe(self, name: str) -> dict[str, list[Compared]]:
        try:
            runs = Comparison.model_validate(self._facts.measurements(name)).runs
        except ValidationError as error:
            raise FactError(f"the metrics file {name}.json cannot be read as a comparison: {error}") from error
        found: dict[str, list[Compared]] = {}
        for run in runs:
            _require_current(name, run)
            found.setdefault(run.recipe, []).append(run)
        return found


def _require_current(name: str, run: Compared) -> None:
    """Refuse a network that was trained from another recipe than the one of that name today."""
    try:
        expected = recipes.load(run.recipe).with_seed(run.seed).sha256
    except RecipeError as error:
        raise FactError(str(error)) from error
    if run.recipe_sha256 != expected:
        raise FactError(
            f"the recipe {run.recipe} has changed since {name}.json was measured (seed {run.seed}: its hash is "
            f"{expected[:12]}…, the file says {run.recipe_sha256[:12]}…): run `backdoors compare` again"
        )


def _over_seeds(found: Sequence[Estimate]) -> str:
    """The mean, the hull of the 95 % intervals, and n."""
    return f"{with_interval(over_seeds(found))}, {samples(found[0].n)}"
