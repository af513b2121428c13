from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from export.card.names import names_problem
from export.card.schema import ModelCard

CASES = json.loads(Path(__file__).with_name("names.json").read_text())
"""What `tests/widgets/core/card.test.mjs` reads, too."""
RELEASED = Path("site_assets/models/mnist-clean/card.json")


@pytest.mark.parametrize("case", CASES)
def test_names_are_judged_as_in_the_browser(case: dict[str, Any]) -> None:
    assert names_problem(case["names"]) == case["problem"]


@pytest.mark.parametrize(
    "name", ["aux.onnx", "a.onnx.", "a.onnx ", "a .onnx", "c:a.onnx", "a?.onnx", "Mnist-Clean.int8.onnx"]
)
def test_a_card_has_no_file_that_windows_cannot_hold(name: str) -> None:
    card = json.loads(RELEASED.read_text())
    ModelCard.model_validate(card)
    card["files"][0]["name"] = name
    card["files"][1]["name"] = "mnist-clean.int8.onnx"
    with pytest.raises(ValidationError):
        ModelCard.model_validate(card)


def test_a_model_is_not_named_after_a_device() -> None:
    with pytest.raises(ValidationError, match="'nul' is the name of a device"):
        ModelCard.model_validate(json.loads(RELEASED.read_text()) | {"id": "nul"})
