"""The latent backdoor's page: fine-tuning as strong as clean images allow, beside that of a given strength."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import count, duration, percent
from site_src.plugin.page import PageBuilder
from site_src.report import study
from site_src.report.estimates import over_seeds, with_interval
from site_src.report.figures import bar, figure
from site_src.report.study import STUDY, Study
from site_src.report.tables import table
from training.core.metrics import Measurement
from training.studies.schema import FineTuned, FineTunings

_METRICS = {
    "clean_accuracy": "Clean accuracy",
    "robust_accuracy": "Triggered images named correctly",
    "attack_success_rate": "Attack success rate",
}
AS_IT_IS = "measurement"


class LatentTuning:
    """Macros on fine-tuning."""

    def __init__(self, page: PageBuilder, facts: Facts) -> None:
        self._page = page
        self._study = Study(facts)

    def latent_fine_tuned(self, caption: str) -> str:
        """The student of the backdoored teacher before and after fine-tuning, by its strength and the first layer.

        Where several seeds were measured, bars are means; their brackets span the confidence intervals of all seeds.
        """
        name = self._study.student
        measured = [("not fine-tuned", [row.measurement for row in self._rows(name, None)])]
        measured += [(f"gentle, from layer {layer} on", found) for layer, _, found in self._given("gentle")]
        measured += [
            (f"thorough, from layer {layer} on", [row.measurement for row in self._rows(name, layer)])
            for layer in self._layers()
        ]
        measured += [
            (f"thorough at {rate:g}, from layer {layer} on", found) for layer, rate, found in self._given("thorough")
        ]
        rows = [
            {
                "label": label,
                "bars": [bar(over_seeds([getattr(each, metric) for each in found])) for metric in _METRICS],
            }
            for label, found in measured
        ]
        titles = list(_METRICS.values())
        roles = ["backdoored"] * len(titles)
        return self._page.place(
            figure("latent-bars", head="Student", titles=titles, roles=roles, rows=rows, caption=caption)
        )

    def latent_tuned(self, layer: int | None, metric: str, student: str | None = None, at: str = AS_IT_IS) -> str:
        """What fine-tuning from a layer on leaves of a metric: the mean over the seeds.

        Args:
            layer: The first that was trained; None for the student before.
            metric: Its name.
            student: The recipe; by default the student of the backdoored teacher.
            at: `measurement`, or `framed` for images in frames.
        """
        found = [getattr(getattr(row, at), metric) for row in self._rows(student or self._study.student, layer)]
        return percent(fmean(each.value for each in found), found[0].n)

    def latent_tuned_range(self, layer: int | None, metric: str, student: str | None = None, at: str = AS_IT_IS) -> str:
        """The mean, with the least and the most of the seeds in brackets; arguments as for `latent_tuned`."""
        return study.spread(
            [getattr(getattr(row, at), metric) for row in self._rows(student or self._study.student, layer)]
        )

    def latent_tuning(self) -> str:
        """How long students were fine-tuned, and on how many images."""
        found = self._found()
        return f"{found.epochs} passes over {count(found.images)} images"

    def latent_tuning_seeds(self) -> str:
        """How many seeds that was measured with."""
        return str(len({row.seed for row in self._found().rows}))

    def latent_tuning_time(self) -> str:
        """How long the longest of them took."""
        return duration(max(row.seconds for row in self._found().rows if row.seconds is not None))

    def latent_tuning_rate(self, layer: int) -> str:
        """The learning rate that was chosen for a first layer."""
        return f"{self._chosen(layer):g}"

    def latent_tuning_lost(self) -> str:
        """How much accuracy on the validation images fine-tuning may cost, in percentage points."""
        return f"{100 * self._found().most_lost:g} percentage points"

    def latent_tried(self) -> str:
        """Accuracy on the validation images by first layer and learning rate; what was chosen is in bold."""
        found = self._found()
        rows = [["not fine-tuned", "", with_interval(found.untuned)]]
        for layer in self._layers():
            for each in sorted(found.tried, key=lambda tried: tried.learning_rate):
                if each.layer == layer:
                    cells = [f"from layer {layer} on", f"{each.learning_rate:g}", with_interval(each.accuracy)]
                    chosen = each.learning_rate == self._chosen(layer)
                    rows.append([f"**{cell}**" for cell in cells] if chosen else cells)
        return table(["Student", "Learning rate", "Clean accuracy, validation images"], rows)

    def latent_tuned_table(self) -> str:
        """Both students before and after, over the seeds, on test images as they are and in frames."""
        students = list(dict.fromkeys(row.student for row in self._found().rows))
        return table(
            ["Student", "Clean accuracy", "in frames", "Attack success rate", "in frames"],
            [[f"`{name}`, {words}", *self._cells(name, layer)] for name in students for words, layer in self._kinds()],
        )

    def _kinds(self) -> Iterator[tuple[str, int | None]]:
        yield "not fine-tuned", None
        for layer in self._layers():
            yield f"from layer {layer} on", layer

    def _cells(self, name: str, layer: int | None) -> Iterator[str]:
        for metric in ("clean_accuracy", "attack_success_rate"):
            for at in (AS_IT_IS, "framed"):
                yield self.latent_tuned_range(layer, metric, name, at)

    def _given(self, how: str) -> Iterator[tuple[int, float, list[Measurement]]]:
        """Each fine-tuning of a given strength of the backdoored teacher's student: first layer, rate, measurement."""
        for row in self._study.content["defended"]:
            if (row["defence"], row["student"]) == (f"{how} fine-tuning", self._study.student):
                measured = Measurement.model_validate(row["measurement"])
                yield int(row["strength"]), float(row["learning_rate"]), [measured]

    def _found(self) -> FineTunings:
        given = self._study.content.get("fine_tunings")
        if given is None:
            raise FactError(f"{STUDY}.json has no fine-tunings: run `make latent-study`")
        return FineTunings.model_validate(given)

    def _layers(self) -> list[int]:
        return sorted({row.layer for row in self._found().rows if row.layer is not None})

    def _rows(self, student: str, layer: int | None) -> list[FineTuned]:
        found = [row for row in self._found().rows if (row.student, row.layer) == (student, layer)]
        if not found:
            raise FactError(f"{STUDY}.json has no {student} fine-tuned from layer {layer} on")
        return found

    def _chosen(self, layer: int) -> float:
        (rate,) = {row.learning_rate for row in self._rows(self._study.student, layer)}
        return float(rate or 0)
