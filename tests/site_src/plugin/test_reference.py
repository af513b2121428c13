from __future__ import annotations

import json

import yaml

from export.card.schema import ModelCard
from site_src.plugin.plugin import OnnxWidgetsConfig
from site_src.plugin.reference import block_reference, minimal_card, plugin_reference
from site_src.plugin.widgets.blocks import Demo, parse_block


def test_every_key_of_a_block_is_documented() -> None:
    text = block_reference()
    for name, field in Demo.model_fields.items():
        assert f"| `{name}` |" in text
        assert field.description


def test_every_option_of_the_plugin_is_documented() -> None:
    text = plugin_reference()
    for name, _ in OnnxWidgetsConfig._schema:
        assert f"| `{name}` |" in text


def test_the_shown_card_is_a_valid_one() -> None:
    card = minimal_card().removeprefix("``` json\n").removesuffix("\n```")
    assert ModelCard.model_validate(json.loads(card)).input.height == 224


def test_the_documented_defaults_are_the_schemas() -> None:
    demo, _, _ = parse_block("models: a", 1)
    assert demo is not None
    assert f"`{', '.join(demo.inputs)}`" in block_reference()
    assert yaml.safe_load("on") is True  # the reason for the page's remark on `on` and `off`
