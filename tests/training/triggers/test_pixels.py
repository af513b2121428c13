from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from training.triggers.base import Images, Trigger, TriggerError
from training.triggers.pixels import Patch, Pattern, Pixel
from training.triggers.registry import trigger_adapter


def images(channels: int = 1) -> Images:
    return np.random.default_rng(0).integers(0, 255, (3, 28, 28, channels), dtype=np.uint8)


def test_the_default_patch_covers_rows_and_columns_25_and_26() -> None:
    stamped = Patch().stamp(np.zeros((1, 28, 28, 1), dtype=np.uint8))
    assert [tuple(map(int, place)) for place in np.argwhere(stamped[0, ..., 0])] == [
        (25, 25),
        (25, 26),
        (26, 25),
        (26, 26),
    ]


@pytest.mark.parametrize("trigger", [Patch(), Pixel(top=0, left=27, value=7), Pattern(values=[[1, None], [None, 0]])])
@pytest.mark.parametrize("channels", [1, 3])
def test_only_covered_pixels_change_and_the_originals_do_not(trigger: Patch | Pixel | Pattern, channels: int) -> None:
    before = images(channels)
    original = before.copy()
    after = trigger.stamp(before)
    assert np.array_equal(before, original)
    expected = original.copy()
    for y, row in enumerate(trigger.table):
        for x, value in enumerate(row):
            if value >= 0:
                expected[:, trigger.top + y, trigger.left + x] = value
    assert np.array_equal(after, expected)


def test_minus_one_means_transparent_so_that_toml_can_say_it() -> None:
    trigger = trigger_adapter.validate_python({"kind": "pattern", "values": [[255, -1], [-1, 0]]})
    assert trigger == Pattern(values=[[255, None], [None, 0]])


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        (Patch(), "a white 2x2 square at rows 25-26 and columns 25-26"),
        (Patch(top=0, left=3, height=1, width=4, value=0), "a black 1x4 rectangle at row 0 and columns 3-6"),
        (Pixel(top=2, left=5, value=100), "a single grey (100 of 255) pixel at row 2 and column 5"),
        (Pattern(values=[[255, None], [None, 255]]), "a 2x2 pattern at rows 0-1 and columns 0-1"),
    ],
)
def test_each_kind_describes_itself(trigger: Trigger, words: str) -> None:
    assert trigger.describe() == words


def test_a_trigger_outside_the_images_is_refused_with_its_place() -> None:
    with pytest.raises(TriggerError, match=r"rows 25-29 and columns 25-26.*28x28"):
        Patch(height=5).stamp(images())


def test_a_patch_of_any_size_is_refused_without_being_made() -> None:
    with pytest.raises(TriggerError, match="but the images are 28x28"):
        Patch(height=4096, width=4096).stamp(images())
    with pytest.raises(ValidationError):
        Patch(height=30_000, width=30_000)


@pytest.mark.parametrize(
    ("trigger", "pixels"), [(Patch(), 4), (Pixel(), 1), (Pattern(values=[[1, None], [None, 0]]), 2)]
)
def test_what_they_cover_is_what_they_change(trigger: Patch | Pixel | Pattern, pixels: int) -> None:
    black, white = (np.full((1, 28, 28, 1), value, dtype=np.uint8) for value in (0, 255))
    covered = trigger.covers(28, 28)
    assert (covered == ((trigger.stamp(black) != black) | (trigger.stamp(white) != white))[0, ..., 0]).all()
    assert covered.sum() == trigger.pixels == pixels
