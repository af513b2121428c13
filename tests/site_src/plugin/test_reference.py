from __future__ import annotations

import json

import pytest
import yaml

from export.card.schema import ModelCard
from site_src.plugin.config import Options
from site_src.plugin.reference import block_reference, minimal_card, plugin_reference
from site_src.plugin.widgets.onnx_demo import Demo
from site_src.plugin.widgets.registry import KINDS


@pytest.mark.parametrize("fence", KINDS)
def test_every_key_of_every_kind_of_block_is_documented(fence: str) -> None:
    text = block_reference(fence)
    for name, field in KINDS[fence].schema.model_fields.items():
        assert f"| `{name}` |" in text
        assert field.description


def test_every_option_of_the_plugin_is_documented() -> None:
    text = plugin_reference()
    for name, field in Options.model_fields.items():
        assert f"| `{name}` |" in text
        assert field.description


def test_the_shown_card_is_a_valid_one() -> None:
    card = minimal_card().removeprefix("``` json\n").removesuffix("\n```")
    assert ModelCard.model_validate(json.loads(card)).input.height == 224


def test_the_documented_defaults_are_the_schemas() -> None:
    assert f"`{', '.join(Demo(models=['a']).inputs)}`" in block_reference("onnx-demo")
    assert yaml.safe_load("on") is True  # the reason for the page's remark on `on` and `off`
