from __future__ import annotations

from pathlib import Path

from export.card.schema import Precision
from site_src.plugin.catalogue import Catalogue, Entry
from site_src.plugin.widgets.base import Answered
from site_src.plugin.widgets.parts import ShownModel
from site_src.plugin.widgets.stored import ask
from training.triggers.base import Trigger
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
