from __future__ import annotations

from pathlib import Path

import pytest

from export.card.io import read_card
from site_src.plugin.catalogue import Catalogue, CatalogueError, Entry
from tests.site_src.fixture_models import write_model


def test_a_path_too_long_for_a_file_system_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"there is no file x+/card\.json beside the page"):
        Catalogue([]).resolve(f"{'x' * 5000}/card.json", tmp_path)


def test_a_strangers_names_are_shown_without_what_reorders_or_hides(tmp_path: Path) -> None:
    path = write_model(tmp_path, "stranger", title="\u202etitle\n\x1b[2J")
    card = read_card(path)
    entry = Entry(card.model_copy(update={"labels": ["\x07", "a\u200db \u05d0", *card.labels[2:]]}), path, "")
    assert entry.title == entry.heading == r"\u202etitle\n\x1b[2J"
    assert entry.labels[:2] == [r"\x07", "a\u200db \u05d0"]
    assert "\u202etitle" in entry.served_card.decode()  # what is signed and hashed stays as it is
