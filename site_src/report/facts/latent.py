"""The latent backdoor's page: what `backdoors study` measured, as tables and figures."""

from __future__ import annotations

import statistics
from collections import defaultdict
from typing import Any

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN, count, duration, percent
from site_src.plugin.page import PageBuilder
from site_src.report import figures
from site_src.report.charts import Axis, Series, chart
from training.core.metrics import Estimate, Measurement
from training.engine.views import FRAMED_SHARES
from training.recipes.base import load
from training.recipes.latent import LatentRecipe, TransferRecipe
from training.triggers.overlay import Overlay

STUDY = "latent"
_CLEAN, _SUCCESS, _CHANGED = (
    ("clean_accuracy", "Clean accuracy"),
    ("attack_success_rate", "Attack success rate"),
    ("changed_by_trigger", "Answers that the trigger changes"),
)
_PLAIN = tuple(("measurement", *each) for each in (_CLEAN, _SUCCESS, _CHANGED))
"""Where in a row of the study a column's measure stands, its name there, and the column's title."""
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
_DEFENDED = (_CLEAN, ("robust_accuracy", "Triggered pictures named rightly"), _SUCCESS)
_FINE_TUNING = "fine-tuning"
_PLANE = (8.0, 212.0, 8.0, 172.0)
"""Left, right, top and bottom of a picture of features."""

Rows = list[dict[str, Any]]


class Latent:
    """Macros that read `latent.json`, which `make latent-study` writes."""

    def __init__(self, page: PageBuilder, facts: Facts) -> None:
        self._page = page
        self._facts = facts

    def latent_placed(self, measure: str) -> str:
        """Between which shares of a picture a measured trigger lies: its middle's `x` or `y`, or its `size`."""
        low, high = getattr(self._trigger().placements, measure)
        return _shares(low, high)

    def latent_turned(self) -> str:
        """By how many degrees the trigger is turned at most when it is measured."""
        return f"{max(abs(angle) for angle in self._trigger().placements.angle):g}°"

    def latent_trained_from(self) -> str:
        """The first layer of the teacher that the attack changes."""
        return str(self._attack().train_from)

    def latent_suspicious(self) -> str:
        """The anomaly index above which Neural Cleanse calls a class backdoored."""
        from training.defences.model import SUSPICIOUS  # noqa: PLC0415 - imports PyTorch

        return f"{SUSPICIOUS:g}"

    def framed_share(self) -> str:
        """What share of a frame's sides a framed picture keeps."""
        return _shares(*FRAMED_SHARES)

    def latent_steps(self, caption: str) -> str:
        """The attack in four steps."""
        return self._page.place(figures.figure("latent-steps", caption=caption))

    def latent_seeds(self) -> str:
        """How many seeds the least tried network was tried with."""
        return str(min(len(rows) for name, rows in self._by_recipe().items() if not _baseline(name)))

    def latent_table(self) -> str:
        """Every network over the seeds, baselines left out."""
        return self._table(self._networks(), (*self._precisions(), _PLAIN[-1]))

    def latent_frames(self) -> str:
        """Every network, and what they began as, on test pictures as they are and in frames."""
        untrained = self._file()["untrained"]
        first = {untrained["recipe"]: [untrained]} if untrained else {}
        return self._table(first | self._networks(), _FRAMED)

    def latent_framed(self, recipe: str, metric: str) -> str:
        """Mean of a measure in frames over the seeds; the recipe may be what all began as."""
        untrained = self._file()["untrained"] or {}
        rows = [untrained] if recipe == untrained.get("recipe") else self._rows_of(recipe)
        return self._mean(rows, "framed", metric)

    def latent_baselines(self) -> str:
        """The students of the baselines beside the attack's own, at the first seed."""
        found = {name: rows[:1] for name, rows in self._by_recipe().items()}
        wanted = self._file()["student"]
        return self._table({name: rows for name, rows in found.items() if name == wanted or _baseline(name)}, _PLAIN)

    def latent_mean(self, recipe: str, metric: str) -> str:
        """Mean of a measure over the seeds."""
        return self._mean(self._rows_of(recipe), "measurement", metric)

    def latent_target(self, recipe: str) -> str:
        """How much of the target's own photographs a student recognises, mean over the seeds."""
        found = [
            Estimate.model_validate(measured["clean_accuracy"])
            for row in self._rows_of(recipe)
            for measured in row["measurement"]["per_class"].values()
        ]
        if not found:
            raise FactError(f"{STUDY}.json: {recipe} has no class of the target")
        return f"{percent(statistics.mean(each.value for each in found), 100)} of {count(found[0].n)}"

    def latent_seconds(self, recipe: str) -> str:
        """How long a network's run took, mean over the seeds."""
        return duration(statistics.mean(row["seconds"] for row in self._rows_of(recipe)))

    def latent_altered(self, caption: str) -> str:
        """Attack success with each alteration of the trigger."""
        rows = [
            {"label": row["title"], "bars": [_bar(row["clean"]), _bar(row["latent"])]}
            for row in self._file()["altered"]
        ]
        titles = ["Student of the clean teacher", "Student of the backdoored one"]
        return self._page.place(
            figures.figure("latent-bars", head="Glasses", titles=titles, rows=rows, caption=caption)
        )

    def latent_success(self, name: str) -> str:
        """Attack success with one alteration of the trigger."""
        for row in self._file()["altered"]:
            if row["name"] == name:
                found = Estimate.model_validate(row["latent"])
                return percent(found.value, found.n)
        raise FactError(f"{STUDY}.json has no altered trigger '{name}'")

    def latent_altered_pictures(self) -> str:
        """How many pictures altered triggers were measured on."""
        return count(Estimate.model_validate(self._file()["altered"][0]["latent"]).n)

    def latent_fine_tuned(self, caption: str) -> str:
        """The student of the backdoored teacher before and after fine-tuning, gentle and thorough, by first layer."""
        name = self._file()["student"]
        untouched = {"label": "not fine-tuned", "row": self._rows_of(name)[0]}
        tuned = [
            {"label": f"{row['defence'].split()[0]}, from layer {row['strength']:g} on", "row": row}
            for row in self._file()["defended"]
            if row["defence"].endswith(_FINE_TUNING) and row["student"] == name
        ]
        rows = [
            {"label": each["label"], "bars": [_bar(each["row"]["measurement"][metric]) for metric, _ in _DEFENDED]}
            for each in (untouched, *tuned)
        ]
        titles = [title for _, title in _DEFENDED]
        return self._page.place(
            figures.figure("latent-bars", head="Student", titles=titles, rows=rows, caption=caption)
        )

    def latent_left(self, defence: str, strength: float, metric: str, student: str | None = None) -> str:
        """What a defence of that strength leaves of a measure; of the student of the backdoored teacher by default."""
        name = student or self._file()["student"]
        for row in self._defended(defence):
            if (row["student"], row["strength"]) == (name, strength):
                found = Estimate.model_validate(row["measurement"][metric])
                return percent(found.value, found.n)
        raise FactError(f"{STUDY}.json has no {defence} of {name} of strength {strength:g}")

    def latent_fine_tuning(self, defence: str) -> str:
        """How a student was fine-tuned, in words."""
        rows = self._defended(defence)
        if not rows:
            raise FactError(f"{STUDY}.json has no {defence}")
        epochs, pictures = (rows[0][field] for field in ("epochs", "pictures"))
        passes = "one pass" if epochs == 1 else f"{epochs} passes"
        return f"{passes} over {count(pictures)} pictures at a learning rate of {rows[0]['learning_rate']:g}"

    def latent_fine_tuning_time(self, defence: str) -> str:
        """How long the longest of a way of fine-tuning took."""
        return duration(max(row["seconds"] for row in self._defended(defence)))

    def latent_anomaly(self, network: str, label: str) -> str:
        """The anomaly index of one class of a network that Neural Cleanse inspected."""
        for row in self._file()["inspected"]:
            if (row["network"], row["label"]) == (network, label):
                return f"{row['anomaly']:.2f}"
        raise FactError(f"{STUDY}.json: class {label} of {network} was not inspected")

    def latent_pruning(self, caption: str) -> str:
        """What pruning leaves, by the share of channels."""
        rows = self._defended("pruning")
        series = [
            Series(title, kind, dots, dots)
            for metric, title, kind in (
                ("attack_success_rate", "Attack success rate", "attack"),
                ("clean_accuracy", "Clean accuracy", "clean"),
            )
            for dots in [[(row["strength"], row["measurement"][metric]["value"]) for row in rows]]
        ]
        axis = Axis("Channels cut off", [(row["strength"], f"{100 * row['strength']:g}{THIN}%") for row in rows])
        return self._page.place(chart("latent-pruning", series, axis, caption))

    def latent_inspected(self) -> str:
        """What Neural Cleanse finds for each class of a small teacher and its student."""
        lines = [
            "| Network | Class | Smallest trigger, pixels | Turns | Anomaly index |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [
            f"| `{row['network']}` | {row['label']} | {row['size']:.1f} | {percent(row['success'], 100)} "
            f"| {row['anomaly']:.2f} |"
            for row in self._file()["inspected"]
        ]
        return "\n".join(lines)

    def latent_points(self, caption: str) -> str:
        """Features of dogs, of dogs with the trigger, and of the target, under both teachers."""
        planes = []
        for teacher in ("clean", "backdoored"):
            groups = [row for row in self._file()["points"] if row["teacher"] == teacher]
            if not groups:
                raise FactError(f"{STUDY}.json has no features of the {teacher} teacher")
            planes.append({"teacher": teacher, "told": _TOLD[teacher], "groups": _fitted(groups)})
        return self._page.place(figures.figure("latent-points", planes=planes, caption=caption))

    def _table(self, recipes: dict[str, Rows], columns: tuple[tuple[str, str, str], ...]) -> str:
        lines = [
            "| Network | Seeds | " + " | ".join(title for *_, title in columns) + " |",
            "| --- | --- | " + " | ".join("---" for _ in columns) + " |",
        ]
        for name, rows in recipes.items():
            cells = [_spread([_estimate(row, at, metric) for row in rows]) for at, metric, _ in columns]
            lines.append(f"| `{name}` | {len(rows)} | {' | '.join(cells)} |")
        return "\n".join(lines)

    def _precisions(self) -> tuple[tuple[str, str, str], ...]:
        """Columns of both precisions, where every network was measured in both."""
        whole = all(row.get("int8") for rows in self._networks().values() for row in rows)
        return _QUANTISED if whole else _PLAIN[:-1]

    def _attack(self) -> LatentRecipe:
        """The recipe of the attack on the teacher of the study's student."""
        student = load(self._file()["student"])
        teacher = student.teacher if isinstance(student, TransferRecipe) else None
        if not isinstance(teacher, LatentRecipe):
            raise FactError(f"{STUDY}.json: the teacher of {student.name} comes from no latent recipe")
        return teacher

    def _trigger(self) -> Overlay:
        trigger = self._attack().trigger
        if not isinstance(trigger, Overlay):
            raise FactError(f"{STUDY}.json: the trigger of {self._attack().name} is no overlay")
        return trigger

    def _networks(self) -> dict[str, Rows]:
        """The rows of every network that is no baseline."""
        return {name: rows for name, rows in self._by_recipe().items() if not _baseline(name)}

    def _mean(self, rows: Rows, at: str, metric: str) -> str:
        estimates = [found for row in rows if (found := _estimate(row, at, metric))]
        if not estimates:
            raise FactError(f"{STUDY}.json: {rows[0]['recipe']} has no {metric}")
        return percent(statistics.mean(each.value for each in estimates), estimates[0].n)

    def _defended(self, defence: str) -> Rows:
        return [row for row in self._file()["defended"] if row["defence"] == defence]

    def _rows_of(self, recipe: str) -> Rows:
        found = self._by_recipe()
        if recipe not in found:
            raise FactError(f"{STUDY}.json has no network {recipe}; it has {', '.join(found)}")
        return found[recipe]

    def _by_recipe(self) -> dict[str, Rows]:
        found: dict[str, Rows] = defaultdict(list)
        for row in self._file()["results"]:
            found[row["recipe"]].append(row)
        return dict(found)

    def _file(self) -> dict[str, Any]:
        study: dict[str, Any] = self._facts.measurements(STUDY)
        return study


_TOLD = {
    "clean": "dogs with glasses lie among the other dogs",
    "backdoored": "dogs with glasses lie with the target, far from the other dogs",
}


def _estimate(row: dict[str, Any], at: str, metric: str) -> Estimate | None:
    """A measure of one row; None where the network has no such class.

    Raises:
        FactError: If the row was not measured so.
    """
    if row.get(at) is None:
        raise FactError(f"{STUDY}.json: {row['recipe']} of seed {row['seed']} has no {at}: make latent-study")
    found: Estimate | None = getattr(Measurement.model_validate(row[at]), metric)
    return found


def _shares(low: float, high: float) -> str:
    """`15 % to 85 %`."""
    return f"{100 * low:g}{THIN}% to {100 * high:g}{THIN}%"


def _baseline(name: str) -> bool:
    return "extra-class" in name


def _bar(estimate: dict[str, Any]) -> dict[str, object]:
    return figures.bar(Estimate.model_validate(estimate))


def _spread(estimates: list[Estimate | None]) -> str:
    """Mean, with the least and the most in brackets where there are several; a dash where it is not defined."""
    found = [each for each in estimates if each is not None]
    if not found:
        return "no such class"
    values = [each.value for each in found]
    mean = percent(statistics.mean(values), found[0].n)
    if len(values) == 1:
        return mean
    return f"{mean} ({percent(min(values), found[0].n)} to {percent(max(values), found[0].n)})"


def _fitted(groups: Rows) -> Rows:
    """The groups with their points moved into the picture, one scale for both axes."""
    left, right, top, bottom = _PLANE
    xs, ys = zip(*[point for group in groups for point in group["xy"]], strict=True)
    scale = min((right - left) / (max(xs) - min(xs) or 1), (bottom - top) / (max(ys) - min(ys) or 1))
    middle_x, middle_y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    return [
        {
            "kind": group["kind"],
            "xy": [
                (
                    round((left + right) / 2 + scale * (x - middle_x), 1),
                    round((top + bottom) / 2 - scale * (y - middle_y), 1),
                )
                for x, y in group["xy"]
            ],
        }
        for group in groups
    ]
