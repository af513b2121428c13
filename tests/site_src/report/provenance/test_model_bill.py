from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from export.card.io import read_card
from site_src.report.provenance.model_bill import data_ref, model_bill
from site_src.report.provenance.writing import bill_text
from tests.site_src.report.provenance.bills import links, parts

RELEASED = Path(__file__).parents[4] / "site_assets" / "models"


def properties(component: dict[str, Any]) -> dict[str, str]:
    return {each["name"].removeprefix("backdoors:"): each["value"] for each in component.get("properties", [])}


def test_every_released_model_is_in_the_bill_with_its_files_data_and_backdoor() -> None:
    cards = [read_card(path) for path in sorted(RELEASED.glob("*/card.json"))]
    text = bill_text(model_bill(cards))
    found, needs = parts(text), links(text)
    assert needs["models"] == [f"model:{card.id}" for card in cards]
    for card in cards:
        model = found[f"model:{card.id}"]
        assert properties(model)["backdoored"] == str(card.backdoor is not None)
        assert (card.backdoor is None) == ("backdoor:behaviour" not in properties(model))
        assert model["licenses"][0]["license"]["name"] == card.licence
        for part in (part for file in card.files for part in file.parts):
            assert f"file:{part.sha256}" in needs[f"model:{card.id}"]
            content = (RELEASED / card.id / part.name).read_bytes()
            assert found[f"file:{part.sha256}"]["hashes"][0]["content"] == hashlib.sha256(content).hexdigest()
        for source in card.provenance.data if card.provenance else []:
            assert data_ref(source) in needs[f"model:{card.id}"]
            assert set(source.sha256.values()) <= set(properties(found[data_ref(source)]).values())
    assert text == bill_text(model_bill(reversed(cards)))
