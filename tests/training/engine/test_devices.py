from __future__ import annotations

import logging

import pytest

from training.core.errors import RunError
from training.engine.devices import device_named, fabric_for
from training.recipes.scratch import Training


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_lightning_reports_nothing(precision: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    fabric = fabric_for(Training.model_validate({"epochs": 1, "precision": precision}), "cpu", 1)
    assert fabric.device.type == "cpu"
    assert [record.message for record in caplog.records] == []


@pytest.mark.parametrize("name", ["abacus", "tpu"])
def test_an_unknown_or_missing_device_is_one_line(name: str) -> None:
    for made in (device_named, lambda given: fabric_for(Training(epochs=1), given, 1)):
        with pytest.raises(RunError, match=rf"^device '{name}': [^\n]+$"):
            made(name)
