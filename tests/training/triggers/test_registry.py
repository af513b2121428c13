from __future__ import annotations

import pytest
from pydantic import ValidationError

from training.triggers.registry import trigger_adapter


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "patch", "value": 256},
        {"kind": "patch", "height": 0},
        {"kind": "pattern", "values": []},
        {"kind": "pattern", "values": [[]]},
        {"kind": "pattern", "values": [[1, 2], [3]]},
        {"kind": "pattern", "values": [[-2]]},
        {"kind": "glasses"},
        {"kind": "pixel", "colour": 3},
    ],
)
def test_a_description_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        trigger_adapter.validate_python(wrong)
