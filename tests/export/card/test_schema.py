from __future__ import annotations

from pathlib import Path

import export
from export.card.schema import card_schema


def test_the_committed_schema_is_the_cards() -> None:
    path = Path(export.__file__).parent / "card" / "card.schema.json"
    assert path.read_text() == card_schema(), "write it again: backdoors card schema > export/card/card.schema.json"
