"""What the networks of a widget say of its first sample, asked when the page is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from export.card.schema import ModelCard
from site_src.plugin.widgets.base import Answer, Answered
from site_src.plugin.widgets.parts import ShownModel
from training.triggers.base import Trigger
from training.triggers.placement import Placement

DIGITS = 5
"""Places after the point: as exact as what the page shows."""


@dataclass(frozen=True)
class Guess:
    """A class with its probability."""

    label: str
    probability: float


@dataclass(frozen=True)
class StoredAnswer:
    """One network's."""

    model: ShownModel
    plain: Answered
    stamped: Answered | None
    """With the trigger, where one is shown."""

    @property
    def before(self) -> Guess:
        """The likeliest class without the trigger."""
        return self._best(self.plain)

    @property
    def after(self) -> Guess | None:
        """The likeliest class with the trigger."""
        return None if self.stamped is None else self._best(self.stamped)

    def _best(self, answered: Answered) -> Guess:
        """The likeliest class, of equals the first."""
        labels = self.model.entry.labels
        index = max(range(len(labels)), key=lambda i: answered.probabilities[i])
        return Guess(labels[index], answered.probabilities[index])

    @property
    def numbers(self) -> dict[str, object]:
        """As the element reads it."""
        return {
            name: None if answered is None else {"probabilities": [round(p, DIGITS) for p in answered.probabilities]}
            for name, answered in (("plain", self.plain), ("stamped", self.stamped))
        }

    def top(self, count: int, *, all_up_to: int = 12) -> list[Guess]:
        """Rows of bars: few classes in their own order, of many the likeliest."""
        labels = self.model.entry.labels
        guesses = [Guess(*pair) for pair in zip(labels, self.plain.probabilities, strict=True)]
        if len(labels) <= all_up_to:
            return guesses
        return sorted(guesses, key=lambda guess: -guess.probability)[:count]


def ask(
    models: Sequence[ShownModel], image: bytes, answer: Answer, *, triggered: bool, placement: Placement | None
) -> list[StoredAnswer]:
    """Ask every network; an empty list if one of them cannot be asked."""
    shown = shown_trigger([model.entry.card for model in models]) if triggered else None
    found = []
    for model in models:
        card = model.entry.card
        plain = answer(model.entry, model.precision, image, None, None)
        if plain is None:
            return []
        trigger = (card.trigger if card.backdoor else shown) if triggered else None
        stamped = answer(model.entry, model.precision, image, trigger, placement) if trigger else None
        found.append(StoredAnswer(model, plain, stamped))
    return found


def shown_trigger(cards: Sequence[ModelCard]) -> Trigger | None:
    """The trigger of the first backdoored network, else of the first that has one (`triggerOwner` in card.mjs)."""
    owners = sorted((card for card in cards if card.trigger), key=lambda card: card.backdoor is None)
    return owners[0].trigger if owners else None
