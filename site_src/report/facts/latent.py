"""The latent backdoor's page: what the attack achieves, over seeds, baselines, frames and altered triggers."""

from __future__ import annotations

import statistics

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN, count, duration, percent
from site_src.plugin.page import PageBuilder
from site_src.report import study
from site_src.report.figures import figure
from site_src.report.study import STUDY, Rows, Study
from site_src.report.tables import table
from training.core.metrics import Estimate
from training.engine.views import FRAMED_FRACTIONS
from training.recipes.latent import LatentRecipe
from training.recipes.load import load
from training.recipes.transfer import TransferRecipe
from training.triggers.overlay import Overlay

_CLEAN, _SUCCESS, _CHANGED = (
    ("clean_accuracy", "Clean accuracy"),
    ("attack_success_rate", "Attack success rate"),
    ("changed_by_trigger", "Answers that the trigger changes"),
)
_PLAIN = tuple(("measurement", *each) for each in (_CLEAN, _SUCCESS, _CHANGED))
"""For each column: how the row was measured, the metric, and the column's title."""
_QUANTISED = tuple(
    ("int8", metric, f"{title}, int8") if at == "int8" else (at, metric, title)
    for metric, title in (_CLEAN, _SUCCESS)
    for at in ("measurement", "int8")
)
_FRAMED = tuple(
    (at, metric, f"{title}, {where}")
    for metric, title in (_CLEAN, _SUCCESS)
    for at, where in (("measurement", "crops"), ("framed", "in frames"))
)


class Latent:
    """Macros on the attack itself."""

    def __init__(self, page: PageBuilder, facts: Facts) -> None:
        self._page = page
        self._study = Study(facts)

    def latent_placed(self, measure: str) -> str:
        """Between which fractions of an image a measured trigger lies: its centre's `x` or `y`, or its `size`."""
        low, high = getattr(self._trigger().placements, measure)
        return _fractions(low, high)

    def latent_turned(self) -> str:
        """By how many degrees the trigger is turned at most when it is measured."""
        return f"{max(abs(angle) for angle in self._trigger().placements.angle):g}°"

    def latent_trained_from(self) -> str:
        """The first layer of the teacher that the attack changes."""
        return str(self._attack().train_from)

    def framed_fraction(self) -> str:
        """What fraction of a frame's sides a framed image keeps."""
        return _fractions(*FRAMED_FRACTIONS)

    def latent_steps(self, caption: str) -> str:
        """The attack in four steps."""
        return self._page.place(figure("latent-steps", caption=caption))

    def latent_seeds(self) -> str:
        """How many seeds each network was trained with, at least."""
        return str(min(len(rows) for rows in self._networks().values()))

    def latent_table(self) -> str:
        """Every network over the seeds, without baselines."""
        return _table(self._networks(), (*self._precisions(), _PLAIN[-1]))

    def latent_frames(self) -> str:
        """Every network, and the one they all started from, on test images as they are and in frames."""
        untrained = self._study.content["untrained"]
        first = {untrained["recipe"]: [untrained]} if untrained else {}
        return _table(first | self._networks(), _FRAMED)

    def latent_framed(self, recipe: str, metric: str) -> str:
        """Mean of a metric in frames over the seeds; the recipe may be the one that all networks started from."""
        untrained = self._study.content["untrained"] or {}
        rows = [untrained] if recipe == untrained.get("recipe") else self._study.rows_of(recipe)
        return study.mean(rows, "framed", metric)

    def latent_baselines(self) -> str:
        """The students of the baselines beside the attack's own, at the first seed."""
        found = {name: rows[:1] for name, rows in self._study.by_recipe().items()}
        wanted = self._study.student
        return _table({name: rows for name, rows in found.items() if name == wanted or _baseline(name)}, _PLAIN)

    def latent_mean(self, recipe: str, metric: str) -> str:
        """Mean of a metric over the seeds."""
        return study.mean(self._study.rows_of(recipe), "measurement", metric)

    def latent_target(self, recipe: str) -> str:
        """What fraction of the target's own photos a student recognises, mean over the seeds."""
        found = [
            Estimate.model_validate(measured["clean_accuracy"])
            for row in self._study.rows_of(recipe)
            for measured in row["measurement"]["per_class"].values()
        ]
        if not found:
            raise FactError(f"{STUDY}.json: {recipe} has no class of the target")
        return f"{percent(statistics.mean(each.value for each in found), 100)} of {count(found[0].n)}"

    def latent_seconds(self, recipe: str) -> str:
        """How long a network's run took, mean over the seeds."""
        return duration(statistics.mean(row["seconds"] for row in self._study.rows_of(recipe)))

    def latent_altered(self, caption: str) -> str:
        """Attack success with each alteration of the trigger."""
        rows = [
            {"label": row["title"], "bars": [study.bar_of(row["clean"]), study.bar_of(row["latent"])]}
            for row in self._study.content["altered"]
        ]
        titles = ["Student of the clean teacher", "Student of the backdoored one"]
        roles = ["clean", "backdoored"]
        return self._page.place(
            figure("latent-bars", head="Glasses", titles=titles, roles=roles, rows=rows, caption=caption)
        )

    def latent_success(self, name: str) -> str:
        """Attack success with one alteration of the trigger."""
        for row in self._study.content["altered"]:
            if row["name"] == name:
                return study.shown(row["latent"])
        raise FactError(f"{STUDY}.json has no altered trigger '{name}'")

    def latent_altered_images(self) -> str:
        """How many images altered triggers were measured on."""
        return count(Estimate.model_validate(self._study.content["altered"][0]["latent"]).n)

    def _precisions(self) -> tuple[tuple[str, str, str], ...]:
        """Columns of both precisions, where every network was measured in both."""
        complete = all(row.get("int8") for rows in self._networks().values() for row in rows)
        return _QUANTISED if complete else _PLAIN[:-1]

    def _attack(self) -> LatentRecipe:
        """The recipe of the attack on the teacher of the study's student."""
        student = load(self._study.student)
        teacher = student.teacher if isinstance(student, TransferRecipe) else None
        if not isinstance(teacher, LatentRecipe):
            raise FactError(f"{STUDY}.json: the teacher of {student.name} does not come from a latent recipe")
        return teacher

    def _trigger(self) -> Overlay:
        trigger = self._attack().trigger
        if not isinstance(trigger, Overlay):
            raise FactError(f"{STUDY}.json: the trigger of {self._attack().name} is not an overlay")
        return trigger

    def _networks(self) -> dict[str, Rows]:
        """The rows of every network that is not a baseline."""
        return {name: rows for name, rows in self._study.by_recipe().items() if not _baseline(name)}


def _table(recipes: dict[str, Rows], columns: tuple[tuple[str, str, str], ...]) -> str:
    rows = []
    for name, found in recipes.items():
        cells = [study.spread([study.estimate(row, at, metric) for row in found]) for at, metric, _ in columns]
        rows.append([f"`{name}`", str(len(found)), *cells])
    return table(["Network", "Seeds", *(title for *_, title in columns)], rows)


def _fractions(low: float, high: float) -> str:
    """`15 % to 85 %`."""
    return f"{100 * low:g}{THIN}% to {100 * high:g}{THIN}%"


def _baseline(name: str) -> bool:
    return "extra-class" in name
