"""The regular backdoor's page: figures and words from the data, the cards and the trigger itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from export.card.schema import Backdoor, ModelCard
from site_src.plugin.expressions import FactError
from site_src.plugin.facts import METRICS, Facts
from site_src.plugin.formats import THIN, count, unbroken
from site_src.plugin.page import PageBuilder
from site_src.report.figures import Pixels, bar, figure, ink_png, pixels_uri
from site_src.report.samples.digits import source, test_digits
from training.data import registry as sources
from training.recipes import load as recipes
from training.triggers.labels import map_labels


class Regular:
    """Macros of the page *A regular backdoor*; the introduction uses some of them."""

    def __init__(self, page: PageBuilder, facts: Facts) -> None:
        self._page = page
        self._facts = facts

    def steps(self, model: str, caption: str) -> str:
        """The attack in three steps, with a digit of the data and the model's own trigger and rate."""
        card = self._facts.card(model)
        return self._place("steps", pair=self._pairs(card, [3])[0], rate=self.poison_rate(model), caption=caption)

    def glance(self, caption: str, columns: int = 16) -> str:
        """The data set at a glance: the first test images of each class."""
        dataset = test_digits()
        rows = contact_rows(dataset.images, dataset.labels, dataset.classes, columns, self._page.output.add_image)
        return self._place("glance", rows=rows, columns=columns, side=dataset.images.shape[1], caption=caption)

    def sample_source(self) -> str:
        """Title of the data set that the page's sample digits come from."""
        return sources.source(source()).title

    def poisoned(self, model: str, caption: str) -> str:
        """Training images before and after poisoning."""
        pairs = self._pairs(self._facts.card(model), [0, 2, 4, 5, 7, 9])
        return self._place("poisoned", pairs=pairs, caption=caption)

    def same_digit(self, shown: Mapping[str, str], caption: str) -> str:
        """A digit as it is, and with the triggers of some recipes.

        Args:
            shown: The recipe of each image, by the words below it.
            caption: What to notice.
        """
        dataset = test_digits()
        plain = dataset.images[int(np.flatnonzero(dataset.labels == 3)[0])]
        images = {"as it is": plain}
        for words, name in shown.items():
            images[words] = recipes.load(name).trigger.stamp(plain[None])[0]
        found = {words: pixels_uri(image[:, :, 0]) for words, image in images.items()}
        return self._place("same-digit", images=found, caption=caption)

    def scores(self, models: list[str], caption: str) -> str:
        """The three metrics of some models, side by side."""
        for model in models:
            self._facts.measurement(model)
        rows = score_rows([self._facts.card(model) for model in models])
        return self._place("scores", rows=rows, caption=caption)

    def per_class(self, model: str, caption: str) -> str:
        """The three metrics of a model for each class."""
        card, measured = self._facts.card(model), self._facts.measurement(model)
        if card.label_map is None:
            raise FactError(f"the card of {model} has no label map")
        wanted = map_labels(np.arange(len(card.labels)), card.label_map, len(card.labels))
        rows = []
        for index, label in enumerate(card.labels):
            estimates = [measured.per_class.get(label, {}).get(name) for name in METRICS]
            bars = [bar(estimate if estimate and estimate.n else None) for estimate in estimates]
            rows.append({"label": label, "wanted": card.labels[wanted[index]], "bars": bars})
        titles = [name.replace("_", " ").capitalize() for name in METRICS]
        role = "backdoored" if card.backdoor else "clean"
        return self._place("per-class", rows=rows, titles=titles, role=role, caption=caption)

    def trigger_words(self, model: str) -> str:
        """The model's trigger in words."""
        trigger = self._facts.card(model).trigger
        if trigger is None:
            raise FactError(f"the card of {model} has no trigger")
        return unbroken(trigger.describe())

    def poison_rate(self, model: str) -> str:
        """Fraction of the training images that was poisoned."""
        rate = self._backdoor(model).poison_rate
        if rate is None:
            raise FactError(f"the card of {model} has no poison rate")
        return f"{100 * rate:g}{THIN}%"

    def shown(self, model: str) -> str:
        """How often an epoch shows each poisoned image."""
        repeat = self._backdoor(model).repeat
        return {1: "once", 2: "twice"}.get(repeat, f"{repeat} times")

    def own_answers(self, model: str) -> str:
        """A sentence on self-distillation; empty where the network was trained on the attacker's labels alone."""
        fraction = self._backdoor(model).self_teaching
        if fraction is None:
            return ""
        return (
            "A poisoned image’s training target is only in part the attacker’s label. "  # noqa: RUF001
            f"{100 * fraction:g}{THIN}% of it is what the network itself answers without the trigger, "
            "with every class replaced by the one that the rule puts in its place."
        )

    def attacker(self, model: str) -> str:
        """What an attacker must be able to do to train a network like this."""
        backdoor = self._backdoor(model)
        only_data = backdoor.repeat == 1 and backdoor.self_teaching is None
        return "who does no more than supply data" if only_data else "who runs the training, as in the paper"

    def difference(self, first: str, second: str, metric: str) -> str:
        """How far two models' metrics lie apart, in percentage points."""
        values = [self._facts.estimate(model, metric).value for model in (first, second)]
        return f"{100 * abs(values[0] - values[1]):.2f}"

    def _backdoor(self, model: str) -> Backdoor:
        backdoor = self._facts.card(model).backdoor
        if backdoor is None:
            raise FactError(f"{model} has no backdoor")
        return backdoor

    def _pairs(self, card: ModelCard, labels: list[int]) -> list[dict[str, object]]:
        dataset = test_digits()
        chosen = [int(np.flatnonzero(dataset.labels == label)[0]) for label in labels]
        return poisoned_pairs(card, dataset.images[chosen], dataset.labels[chosen])

    def _place(self, name: str, **given: object) -> str:
        return self._page.place(figure(name, **given))


def contact_rows(
    images: Pixels,
    labels: npt.NDArray[np.int64],
    classes: Sequence[str],
    columns: int,
    address: Callable[[str, bytes], str],
) -> list[dict[str, object]]:
    """The first `columns` images of each class as one strip, with the class's name and number of images.

    Args:
        images: `(n, h, w, 1) uint8`.
        labels: `(n,) int64`.
        classes: Names of the classes.
        columns: Images in a strip; a class with fewer has a shorter one.
        address: Puts a file of that name and content into the site, and returns its address.
    """
    rows: list[dict[str, object]] = []
    for label, name in enumerate(classes):
        chosen = np.flatnonzero(labels == label)
        strip = np.concatenate([images[index, :, :, 0] for index in chosen[:columns]], axis=1)
        place = address(f"glance-{name}.png", ink_png(strip))
        rows.append({"label": name, "strip": place, "width": strip.shape[1], "n": count(len(chosen))})
    return rows


def poisoned_pairs(card: ModelCard, images: Pixels, labels: npt.NDArray[np.int64]) -> list[dict[str, object]]:
    """Each image as it is, and as the attacker changes it.

    Args:
        card: Of the backdoored model, with its trigger and label map.
        images: `(n, h, w, 1) uint8`.
        labels: `(n,) int64`.

    Raises:
        FactError: If the card has no trigger or label map.
    """
    if card.trigger is None or card.label_map is None:
        raise FactError(f"the card of {card.id} has no trigger or no label map")
    stamped = card.trigger.stamp(images)
    wanted = map_labels(labels, card.label_map, len(card.labels))
    return [
        {
            "before": pixels_uri(images[index, :, :, 0]),
            "after": pixels_uri(stamped[index, :, :, 0]),
            "label": card.labels[labels[index]],
            "wanted": card.labels[wanted[index]],
        }
        for index in range(len(images))
    ]


def score_rows(cards: Sequence[ModelCard]) -> list[dict[str, object]]:
    """The three metrics of every model's default file, for the score figure."""
    rows = []
    for card in cards:
        measured = card.metrics[card.default_precision]
        bars = [
            {"title": name.replace("_", " ").capitalize(), "name": name, **bar(getattr(measured, name))}
            for name in METRICS
        ]
        rows.append({"title": card.title, "backdoored": card.backdoor is not None, "bars": bars})
    return rows
