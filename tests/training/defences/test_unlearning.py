from __future__ import annotations

import numpy as np
import pytest

from tests.training.defences.networks import TARGET, Convolved, samples, subject
from training.defences import unlearning
from training.defences.trigger_search import Found
from training.defences.unlearning import DEFENCE, stamp
from training.defences.verdict import Repaired
from training.triggers.base import Images


def test_the_found_trigger_of_the_target_is_unlearnt() -> None:
    found = DEFENCE.with_settings({"rounds": 200})(subject(Convolved(40)))
    assert isinstance(found, Repaired)
    assert found.details["triggers_unlearnt"] == 1
    assert found.before.attack_success_rate is not None
    assert found.after.attack_success_rate is not None
    assert found.before.attack_success_rate.value == 1
    assert found.after.attack_success_rate.value < 0.1
    assert found.after.clean_accuracy.value > 0.9


def test_a_network_without_a_suspicious_class_stays_as_it_is() -> None:
    found = DEFENCE.with_settings({"rounds": 40, "suspicious": 9})(subject(Convolved(40)))
    assert isinstance(found, Repaired)
    assert (found.details, found.images) == ({"triggers_unlearnt": 0}, 0)
    assert found.after == found.before


def test_only_triggers_above_the_threshold_are_stamped(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [Found(np.full((12, 12), index / 10), np.zeros((12, 12, 1), dtype=np.uint8), 1, 1) for index in range(6)]
    used: list[list[Found]] = []
    monkeypatch.setattr(unlearning, "find_triggers", lambda *_given: (made, [0, 3.0, 0, 0, 2.5, 2.0]))

    def note(images: Images, triggers: list[Found], *_more: object) -> Images:
        used.append(triggers)
        return images

    monkeypatch.setattr(unlearning, "stamp", note)
    DEFENCE(subject(Convolved(40), load_clean=lambda: samples(2)))
    assert used[0] == [made[1], made[TARGET]]


def test_a_fraction_of_the_images_gets_the_triggers_by_turns() -> None:
    images = samples(10).images
    white = np.full((12, 12, 1), 255, dtype=np.uint8)
    masks = [np.zeros((12, 12), dtype=np.float32) for _ in range(2)]
    masks[0][:2, :2], masks[1][-1, -1] = 1, 0.5
    made = stamp(images, [Found(mask, white, 1, 1) for mask in masks], 0.2, seed=0)
    first = (made[:, :2, :2] == 255).all(axis=(1, 2, 3))
    second = (made[:, -1, -1] != images[:, -1, -1]).any(axis=1)
    assert (first.sum(), second.sum(), (first & second).sum()) == (6, 6, 0)
    assert np.allclose(made[second][:, -1, -1], images[second][:, -1, -1] / 2 + 127.5, atol=0.51)
    assert np.array_equal(made[~first & ~second], images[~first & ~second])
