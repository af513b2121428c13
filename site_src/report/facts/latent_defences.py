"""The latent backdoor's page: what was tried against it, and what each defence leaves."""

from __future__ import annotations

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN, count, percent
from site_src.plugin.page import PageBuilder
from site_src.report import study
from site_src.report.charts import CHART, Axis, Series, chart
from site_src.report.study import STUDY, Rows, Study
from site_src.report.tables import table
from training.defences.outliers import SUSPICIOUS

_METRICS = {
    "clean_accuracy": "Clean accuracy",
    "attack_success_rate": "Attack success rate",
}


class LatentDefences:
    """Macros on pruning, fine-tuning of a given strength, and the search for the trigger."""

    def __init__(self, page: PageBuilder, facts: Facts) -> None:
        self._page = page
        self._study = Study(facts)

    def latent_left(self, defence: str, strength: float, metric: str, student: str | None = None) -> str:
        """What a defence of that strength leaves of a metric; of the student of the backdoored teacher by default."""
        name = student or self._study.student
        for row in self._defended(defence):
            if (row["student"], row["strength"]) == (name, strength):
                return study.shown(row["measurement"][metric])
        raise FactError(f"{STUDY}.json has no {defence} of {name} of strength {strength:g}")

    def latent_fine_tuning(self, defence: str) -> str:
        """How a student was fine-tuned, in words."""
        rows = self._defended(defence)
        if not rows:
            raise FactError(f"{STUDY}.json has no {defence}")
        epochs, images = (rows[0][field] for field in ("epochs", "pictures"))
        passes = "one pass" if epochs == 1 else f"{epochs} passes"
        return f"{passes} over {count(images)} images at a learning rate of {rows[0]['learning_rate']:g}"

    def latent_thorough_rate(self) -> str:
        """The learning rate of thorough fine-tuning."""
        return f"{self._defended('thorough fine-tuning')[0]['learning_rate']:g}"

    def latent_pruning(self, caption: str) -> str:
        """What pruning leaves, by the fraction of channels."""
        rows = self._defended("pruning")
        series = [
            Series(_METRICS[metric], kind, dots, dots, n=rows[0]["measurement"][metric]["n"])
            for metric, kind in (("attack_success_rate", "attack"), ("clean_accuracy", "accuracy"))
            for dots in [[(row["strength"], row["measurement"][metric]["value"]) for row in rows]]
        ]
        axis = Axis("Channels removed", [(row["strength"], f"{100 * row['strength']:g}{THIN}%") for row in rows])
        return self._page.place(chart("latent-pruning", series, axis, caption), CHART)

    def latent_suspicious(self) -> str:
        """The anomaly index above which Neural Cleanse calls a class backdoored."""
        return f"{SUSPICIOUS:g}"

    def latent_anomaly(self, network: str, label: str) -> str:
        """The anomaly index of one class of a network that Neural Cleanse inspected."""
        for row in self._study.content["inspected"]:
            if (row["network"], row["label"]) == (network, label):
                return f"{row['anomaly']:.2f}"
        raise FactError(f"{STUDY}.json: class {label} of {network} was not inspected")

    def latent_suspects(self, network: str) -> str:
        """A sentence on the classes of a network that Neural Cleanse calls backdoored."""
        found = [row for row in self._study.content["inspected"] if row["network"] == network]
        if not found:
            raise FactError(f"{STUDY}.json: {network} was not inspected")
        suspects = [
            f"class {row['label']} (index {row['anomaly']:.2f})" for row in found if row["anomaly"] > SUSPICIOUS
        ]
        return f"There it suspects {' and '.join(suspects) or 'no class'}"

    def latent_inspected(self) -> str:
        """What Neural Cleanse finds for each class of a small teacher and its student."""
        rows = [
            [
                f"`{row['network']}`",
                str(row["label"]),
                f"{row['size']:.1f}",
                percent(row["success"], 100),
                f"{row['anomaly']:.2f}",
            ]
            for row in self._study.content["inspected"]
        ]
        return table(["Network", "Class", "Smallest trigger, pixels", "Success", "Anomaly index"], rows)

    def _defended(self, defence: str) -> Rows:
        return [row for row in self._study.content["defended"] if row["defence"] == defence]
