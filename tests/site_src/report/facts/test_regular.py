from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN
from site_src.plugin.page import PageBuilder
from site_src.report.facts.regular import Regular, contact_rows, poisoned_pairs
from site_src.report.figures import pixels_uri
from training.data.base import Dataset
from training.recipes.load import load

DIGITS = np.random.default_rng(1).integers(0, 200, (6, 28, 28, 1), dtype=np.uint8)
LABELS = np.array([0, 1, 0, 1, 0, 2], dtype=np.int64)


@pytest.fixture
def facts(page: PageBuilder, tmp_path: Path) -> Facts:
    return Facts(page.around.catalogue, tmp_path)


@pytest.fixture
def regular(page: PageBuilder, facts: Facts) -> Regular:
    return Regular(page, facts)


def test_a_network_trained_on_the_attackers_labels_alone_needs_data_only(regular: Regular) -> None:
    assert not regular.own_answers("tiny-badnet")
    assert "data" in regular.attacker("tiny-badnet")


def test_self_distillation_is_described_with_its_fraction(
    regular: Regular, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_only = regular.attacker("tiny-badnet")
    backdoor = facts.card("tiny-badnet").backdoor
    assert backdoor is not None
    monkeypatch.setattr(regular, "_backdoor", lambda _model: backdoor.model_copy(update={"self_teaching": 0.7}))
    assert f"70{THIN}%" in regular.own_answers("tiny-badnet")
    assert regular.attacker("tiny-badnet") != data_only


def test_facts_of_a_backdoor_need_one(regular: Regular) -> None:
    assert regular.poison_rate("tiny-badnet") == f"10{THIN}%"
    assert regular.shown("tiny-badnet") == "once"
    with pytest.raises(FactError, match="tiny-clean has no backdoor"):
        regular.poison_rate("tiny-clean")


def test_a_pair_shows_the_stamped_image_with_the_label_that_the_attacker_wants(facts: Facts) -> None:
    (pair,) = poisoned_pairs(facts.card("tiny-badnet"), DIGITS[:1], LABELS[:1])
    stamped = DIGITS[0, :, :, 0].copy()
    stamped[25:27, 25:27] = 255
    assert pair == {
        "before": pixels_uri(DIGITS[0, :, :, 0]), "after": pixels_uri(stamped), "label": "0", "wanted": "7",
    }  # fmt: skip


def test_the_contact_sheet_has_a_strip_a_class_and_counts_all_its_images() -> None:
    rows = contact_rows(DIGITS, LABELS, ["a", "b", "c"], 2, lambda name, _content: name)
    assert [(row["label"], row["strip"], row["width"], row["n"]) for row in rows] == [
        ("a", "glance-a.png", 56, "3"),
        ("b", "glance-b.png", 56, "2"),
        ("c", "glance-c.png", 28, "1"),
    ]


def test_one_digit_is_shown_plain_and_with_the_triggers_of_recipes(
    regular: Regular, monkeypatch: pytest.MonkeyPatch
) -> None:
    threes = Dataset(DIGITS, np.full(len(DIGITS), 3), list("0123456789"))
    monkeypatch.setattr("site_src.report.facts.regular.test_digits", lambda: threes)
    placed: list[str] = []
    monkeypatch.setattr(PageBuilder, "place", lambda _page, html: placed.append(html))
    regular.same_digit({"blended": "mnist-blended", "warped": "mnist-warped"}, "Look.")
    triggers = [load(name).trigger for name in ("mnist-blended", "mnist-warped")]
    shown = [DIGITS[:1], *(trigger.stamp(DIGITS[:1]) for trigger in triggers)]
    for words, image in zip(("as it is", "blended", "warped"), shown, strict=True):
        assert f'src="{pixels_uri(image[0, :, :, 0])}"' in placed[0]
        assert f"A handwritten digit, {words}" in placed[0]
