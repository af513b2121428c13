from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from export.card.schema import Precision
from site_src.plugin.catalogue import Catalogue, Entry
from site_src.plugin.widgets.base import Answered
from site_src.plugin.widgets.parts import ShownModel
from site_src.plugin.widgets.stored import StoredAnswer, ask
from training.triggers.base import Trigger
from training.triggers.pixels import Patch
from training.triggers.placement import Placement


def shown(models_dir: Path) -> list[ShownModel]:
    entries = Catalogue([models_dir]).entries
    return [
        ShownModel(entries[name], name, entries[name].card.default_precision) for name in ("tiny-clean", "tiny-badnet")
    ]


def said(entry: Entry, *, stamped: bool) -> Answered:
    """The clean network always says the second class, the other one the first when it sees the trigger."""
    favourite = 0 if stamped and entry.card.backdoor else 1
    others = len(entry.card.labels) - 1
    return Answered(tuple(0.9 if i == favourite else 0.1 / others for i in range(others + 1)), b"png")


def test_every_network_is_asked_with_the_trigger_of_the_backdoored_one(models_dir: Path) -> None:
    asked: list[tuple[str, bool]] = []

    def answer(
        entry: Entry, _precision: Precision, _image: bytes, trigger: Trigger | None, _placement: Placement | None
    ) -> Answered:
        asked.append((entry.card.id, trigger is not None))
        return said(entry, stamped=trigger is not None)

    clean, backdoored = ask(shown(models_dir), b"image", answer, triggered=True, placement=None)
    assert asked == [("tiny-clean", False), ("tiny-clean", True), ("tiny-badnet", False), ("tiny-badnet", True)]
    labels = clean.model.entry.card.labels
    assert (clean.before.label, backdoored.before.label) == (labels[1], labels[1])
    assert clean.after is not None
    assert backdoored.after is not None
    assert (clean.after.label, backdoored.after.label) == (labels[1], labels[0])


def test_without_a_trigger_to_show_none_is_stamped(models_dir: Path) -> None:
    found = ask(
        shown(models_dir), b"", lambda entry, _p, _i, trigger, _at: said(entry, stamped=trigger is not None),
        triggered=False, placement=None,
    )  # fmt: skip
    assert [stored.after for stored in found] == [None, None]


def test_a_network_that_cannot_be_asked_leaves_the_widget_without_stored_answers(models_dir: Path) -> None:
    found = ask(
        shown(models_dir), b"", lambda entry, *_: None if entry.card.backdoor else said(entry, stamped=False),
        triggered=True, placement=None,
    )  # fmt: skip
    assert found == []


def with_trigger(model: ShownModel, trigger: Trigger) -> ShownModel:
    card = model.entry.card.model_copy(update={"trigger": trigger})
    return replace(model, entry=replace(model.entry, card=card))


def test_a_backdoored_network_gets_its_own_trigger_and_a_clean_one_the_first_backdoored_ones(models_dir: Path) -> None:
    clean, backdoored = shown(models_dir)
    triggers = [Patch(top=row) for row in (1, 2, 3)]
    models = [with_trigger(*pair) for pair in zip((clean, backdoored, backdoored), triggers, strict=True)]
    place = Placement(x=0.25)
    asked: list[tuple[Trigger | None, Placement | None]] = []

    def answer(
        entry: Entry, _precision: Precision, _image: bytes, trigger: Trigger | None, placement: Placement | None
    ) -> Answered:
        asked.append((trigger, placement))
        return said(entry, stamped=trigger is not None)

    ask(models, b"image", answer, triggered=True, placement=place)
    assert asked[::2] == [(None, None)] * 3
    assert asked[1::2] == [(triggers[1], place), (triggers[1], place), (triggers[2], place)]


def test_of_many_classes_the_likeliest_are_shown_and_few_keep_their_order(models_dir: Path) -> None:
    model = shown(models_dir)[0]
    chances = (0.1, 0.123456789, 0.7, *[0.01] * 7)
    stored = StoredAnswer(model, Answered(chances, b"png"), None)
    assert [guess.probability for guess in stored.top(2)] == list(chances)
    assert [guess.probability for guess in stored.top(2, all_up_to=9)] == [0.7, 0.123456789]
    assert stored.numbers == {"plain": {"probabilities": [0.1, 0.12346, 0.7, *[0.01] * 7]}, "stamped": None}
