"""The browser takes every card that Python publishes, and refuses what the schema or the order of its steps refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from export.card.schema import ModelCard
from tests.node import run_node
from tests.properties.strategies import altered
from tests.site_src.fixture_models import write_model
from tests.site_src.photo_models import write_photo_model

SHOWN_ONLY = {"description", "network", "licence", "backdoor", "metrics", "provenance", "from_lab"}
"""Fields that the browser does not look at."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("cards")
    written = [write_model(folder, "tiny-badnet", backdoored=True).parent, write_photo_model(folder, backdoored=True)]
    return [json.loads((place / "card.json").read_text()) for place in written]


def in_browser(cards: list[str]) -> list[str | None]:
    faults: list[str | None] = json.loads(run_node(Path(__file__).with_name("browser_cards.mjs"), given=cards))
    return faults


def refused_by_both(error: ValidationError) -> bool:
    return any(
        "input.steps: " in each["msg"] if each["type"] == "value_error" else each["loc"][0] not in SHOWN_ONLY
        for each in error.errors()
    )


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_browser_agrees_with_python_on_a_card(sound: list[dict[str, Any]], data: st.DataObject) -> None:
    drawn = [data.draw(altered(data.draw(st.sampled_from(sound)))) for _ in range(40)]
    texts, accepted = [], []
    for each in drawn:
        text = json.dumps(each)
        try:
            texts.append(ModelCard.model_validate_json(text).model_dump_json())
            accepted.append(True)
        except ValidationError as error:
            if refused_by_both(error):
                texts.append(text)
                accepted.append(False)
    for text, is_sound, fault in zip(texts, accepted, in_browser(texts), strict=True):
        assert (fault is None) == is_sound, f"{fault}: {text[:2000]}"
