from __future__ import annotations

from typing import get_args

from export.card.schema import Precision
from export.cli.card import PresetChoice
from export.cli.common import PrecisionChoice
from export.release.author import Preset


def test_choices_written_again_for_speed_are_those_of_the_schema() -> None:
    assert get_args(PrecisionChoice) == get_args(Precision)
    assert get_args(PresetChoice) == get_args(Preset)
