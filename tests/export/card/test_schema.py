from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import export
from export.card.io import read_card
from export.card.schema import CardError, card_schema
from tests.site_src.fixture_models import write_model


def test_the_committed_schema_is_the_cards() -> None:
    path = Path(export.__file__).parent / "card" / "card.schema.json"
    assert path.read_text() == card_schema(), "write it again: backdoors card schema > export/card/card.schema.json"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("title",), ""),
        (("title",), "x" * 501),
        (("labels", 0), " "),
        (("id",), "a" * 201),
        (("files", 0, "name"), "a" * 200 + ".onnx"),
        (("input", "tensor"), "image\0"),
        (("output", "tensor"), ""),
    ],
)
def test_names_that_nobody_could_read_or_serve_are_refused(
    tmp_path: Path, place: tuple[str | int, ...], value: str
) -> None:
    path = write_model(tmp_path, "tiny-clean", backdoored=False)
    card: dict[str, Any] = json.loads(path.read_text())
    inside: Any = card
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    path.write_text(json.dumps(card))
    with pytest.raises(CardError, match=rf"field {'.'.join(map(str, place))}"):
        read_card(path)
