"""This report's own macros and samples: the plugin's `extension` in mkdocs.yml."""

from __future__ import annotations

import numpy as np

from export.card.schema import Backdoor, ModelCard
from site_src.plugin.catalogue import Entry
from site_src.plugin.expressions import FactError, Macros, public_methods
from site_src.plugin.facts import METRICS, Facts, interval
from site_src.plugin.formats import THIN, count, duration, percent, size
from site_src.plugin.page import PageBuilder
from site_src.plugin.reference import block_reference, install_commands, minimal_card, plugin_reference
from site_src.report import figures
from site_src.report.facts.latent import Latent
from site_src.report.facts.mxnet import Mxnet
from site_src.report.facts.notebooks import Notebooks
from site_src.report.facts.reproduce import Reproduce
from site_src.report.facts.scale import Scale
from site_src.report.facts.sweep import Sweep
from site_src.report.facts.times import Times
from site_src.report.samples.digits import sample_sets, source, test_digits
from training.core.metrics import Estimate
from training.data import registry as sources
from training.triggers.labels import map_labels

__all__ = ["macros", "sample_sets"]


def macros(page: PageBuilder, facts: Facts) -> Macros:
    """What pages of the report may name besides the plugin's facts."""
    found: dict[str, object] = {
        "block_reference": block_reference,
        "plugin_reference": plugin_reference,
        "minimal_card": minimal_card,
        "install_commands": lambda: install_commands(page.runtime_version()),
    }
    for provider in (
        Figures(page, facts),
        Models(page),
        Reproduce(facts),
        Sweep(page, facts),
        Notebooks(page),
        Mxnet(facts),
        Latent(page, facts),
        Scale(facts),
        Times(facts),
    ):
        found |= public_methods(provider)
    return found


class Figures:
    """Figures between a page's paragraphs."""

    def __init__(self, page: PageBuilder, facts: Facts) -> None:
        self._page = page
        self._facts = facts

    def steps(self, model: str, caption: str) -> str:
        """The attack in three steps, with a digit of the data and the model's own trigger and rate."""
        card = self._facts.card(model)
        return self._place("steps", pair=self._pairs(card, [3])[0], rate=self.poison_rate(model), caption=caption)

    def glance(self, caption: str, columns: int = 16) -> str:
        """The data set at a glance: the first test pictures of each class."""
        dataset = test_digits()
        rows = figures.contact_rows(dataset.images, dataset.labels, dataset.classes, columns, self._picture)
        return self._place("glance", rows=rows, columns=columns, side=dataset.images.shape[1], caption=caption)

    def sample_source(self) -> str:
        """Title of the data set that the page's sample digits come from."""
        return sources.source(source()).title

    def poisoned(self, model: str, caption: str) -> str:
        """Training pictures before and after the attacker's hand."""
        pairs = self._pairs(self._facts.card(model), [0, 2, 4, 5, 7, 9])
        return self._place("poisoned", pairs=pairs, caption=caption)

    def scores(self, models: list[str], caption: str) -> str:
        """The three measures of some models, side by side."""
        for model in models:
            self._facts.measurement(model)
        rows = figures.score_rows([self._facts.card(model) for model in models])
        return self._place("scores", rows=rows, caption=caption)

    def per_class(self, model: str, caption: str) -> str:
        """The three measures of a model for each class."""
        card, measured = self._facts.card(model), self._facts.measurement(model)
        if card.label_map is None:
            raise FactError(f"the card of {model} names no label map")
        wanted = map_labels(np.arange(len(card.labels)), card.label_map, len(card.labels))
        rows = [
            {
                "label": label,
                "wanted": card.labels[wanted[index]],
                "bars": [_bar(measured.per_class.get(label, {}).get(name)) for name in METRICS],
            }
            for index, label in enumerate(card.labels)
        ]
        titles = [name.replace("_", " ").capitalize() for name in METRICS]
        return self._place("per-class", rows=rows, titles=titles, caption=caption)

    def trigger_words(self, model: str) -> str:
        """The model's trigger in words."""
        trigger = self._facts.card(model).trigger
        if trigger is None:
            raise FactError(f"the card of {model} names no trigger")
        return figures.trigger_words(trigger)

    def poison_rate(self, model: str) -> str:
        """Share of the training pictures that was poisoned."""
        rate = self._backdoor(model).poison_rate
        if rate is None:
            raise FactError(f"the card of {model} names no poison rate")
        return f"{100 * rate:g}{THIN}%"

    def shown(self, model: str) -> str:
        """How often an epoch shows each poisoned picture."""
        repeat = self._backdoor(model).repeat
        return {1: "once", 2: "twice"}.get(repeat, f"{repeat} times")

    def own_answers(self, model: str) -> str:
        """A sentence on how a poisoned network taught itself; empty where it did not."""
        share = self._backdoor(model).self_teaching
        if share is None:
            return ""
        return (
            "What such a picture is to be answered with is only in part the label that the attacker wants: "
            f"{100 * share:g}{THIN}% is what the network itself says without the trigger, moved on by the rule."
        )

    def attacker(self, model: str) -> str:
        """What an attacker must be able to do for such a training."""
        backdoor = self._backdoor(model)
        only_data = backdoor.repeat == 1 and backdoor.self_teaching is None
        return "who does no more than supply data" if only_data else "who does the training, as in the paper"

    def difference(self, first: str, second: str, metric: str) -> str:
        """How far two models' measures lie apart, in percentage points."""
        values = [self._facts.estimate(model, metric).value for model in (first, second)]
        return f"{100 * abs(values[0] - values[1]):.2f}"

    def _backdoor(self, model: str) -> Backdoor:
        backdoor = self._facts.card(model).backdoor
        if backdoor is None:
            raise FactError(f"{model} carries no backdoor")
        return backdoor

    def _pairs(self, card: ModelCard, labels: list[int]) -> list[dict[str, object]]:
        dataset = test_digits()
        chosen = [int(np.flatnonzero(dataset.labels == label)[0]) for label in labels]
        return figures.poisoned_pairs(card, dataset.images[chosen], dataset.labels[chosen])

    def _picture(self, name: str, content: bytes) -> str:
        return self._page.url(self._page.assets.add_picture(name, content))

    def _place(self, name: str, **given: object) -> str:
        return self._page.place(figures.figure(name, **given))


class Models:
    """What the cards say, as tables and sections; models in the last of the plugin's folders are the reader's own."""

    def __init__(self, page: PageBuilder) -> None:
        self._page = page
        self._catalogue = page.around.catalogue
        self._lab = self._catalogue.folders[-1]

    def models_table(self) -> str:
        """All models of the catalogue in a table."""
        return self._page.place(self._render("models-table", entries=self._released()))

    def model_sections(self) -> str:
        """A section a model, with everything its card says."""
        return "\n\n".join(self._section(entry, heading="##") for entry in self._released())

    def lab(self) -> str:
        """The reader's own models beside each other, or how to make them."""
        entries = _clean_first(self._catalogue.in_folder(self._lab))
        if not entries:
            return self._page.place(self._render("lab-empty", folder="/".join(self._lab.parts[-2:])))
        demo = self._page.demo(
            models=[{"model": str(entry.path.resolve())} for entry in entries[:4]],
            samples=["digits", "drawn", "photos"],
            title="Your own networks",
            id="lab",
        )
        table = self._page.place(self._render("models-table", entries=entries))
        sections = "\n\n".join(self._section(entry, heading="###") for entry in entries)
        return f"{demo}\n\n## What you trained\n\n{table}\n\n{sections}"

    def _released(self) -> list[Entry]:
        entries = [entry for entry in self._catalogue.entries.values() if not entry.path.is_relative_to(self._lab)]
        if not entries:
            where = ", ".join(str(folder) for folder in self._catalogue.folders)
            raise FactError(f"there is no released model in {where}: run `backdoors export --release`")
        return _clean_first(entries)

    def _section(self, entry: Entry, heading: str) -> str:
        for address, file in entry.served_files().items():
            self._page.assets.add(address, file)
        body = self._page.place(self._render("model", entry=entry, card=entry.card))
        mark = " (backdoored)" if entry.card.backdoor and "backdoor" not in entry.card.title.lower() else ""
        return f"{heading} {entry.card.title}{mark} {{ #{entry.card.id} }}\n\n{body}"

    def _render(self, name: str, **given: object) -> str:
        helpers: dict[str, object] = {"url": self._page.url, "percent": percent, "interval": interval, "count": count}
        helpers |= {"size": size, "duration": duration, "trigger_words": figures.trigger_words, "metrics": METRICS}
        return figures.render(name, **helpers, **given)


def _clean_first(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.card.backdoor is not None, entry.card.id))


def _bar(estimate: Estimate | None) -> dict[str, object]:
    return figures.bar(estimate if estimate and estimate.n else None)
