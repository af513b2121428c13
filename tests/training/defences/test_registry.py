from __future__ import annotations

import pytest

from training.defences.base import DefenceError
from training.defences.registry import DEFENCES, find


def test_every_defence_is_found_by_its_name() -> None:
    assert [find(name).name for name in DEFENCES] == list(DEFENCES)


def test_settings_are_described_and_have_defaults() -> None:
    for defence in DEFENCES.values():
        assert type(defence.settings)(**defence.settings.model_dump()) == defence.settings
        assert defence.paper


@pytest.mark.parametrize(
    ("name", "hint"), [("fine-tunning", "did you mean 'fine-tuning'"), ("xyz", "choose from strip, .*or all")]
)
def test_an_unknown_defence_is_answered_with_those_that_are(name: str, hint: str) -> None:
    with pytest.raises(DefenceError, match=hint):
        find(name)
