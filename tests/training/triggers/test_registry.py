from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from training.triggers.registry import Patch, Pattern, Pixel, TriggerError, stamp, trigger_adapter


def pictures(channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (3, 28, 28, channels), dtype=np.uint8)


def test_the_default_patch_covers_rows_and_columns_25_and_26() -> None:
    stamped = stamp(np.zeros((1, 28, 28, 1), dtype=np.uint8), Patch())
    assert [tuple(map(int, place)) for place in np.argwhere(stamped[0, ..., 0])] == [
        (25, 25),
        (25, 26),
        (26, 25),
        (26, 26),
    ]


@pytest.mark.parametrize("trigger", [Patch(), Pixel(top=0, left=27, value=7), Pattern(values=[[1, None], [None, 0]])])
@pytest.mark.parametrize("channels", [1, 3])
def test_only_covered_pixels_change_and_the_originals_do_not(trigger: Patch | Pixel | Pattern, channels: int) -> None:
    before = pictures(channels)
    original = before.copy()
    after = stamp(before, trigger)
    assert np.array_equal(before, original)
    expected = original.copy()
    for y, row in enumerate(trigger.values):
        for x, value in enumerate(row):
            if value is not None:
                expected[:, trigger.top + y, trigger.left + x] = value
    assert np.array_equal(after, expected)


def test_minus_one_means_see_through_so_that_toml_can_say_it() -> None:
    trigger = trigger_adapter.validate_python({"kind": "pattern", "values": [[255, -1], [-1, 0]]})
    assert trigger == Pattern(values=[[255, None], [None, 0]])


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


def test_a_trigger_outside_the_pictures_is_refused_with_its_place() -> None:
    with pytest.raises(TriggerError, match=r"rows 25-29 and columns 25-26.*28x28"):
        stamp(pictures(), Patch(height=5))
