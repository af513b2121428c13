from __future__ import annotations

import pytest
import torch

from tests.training.defences.networks import Constant, Convolved, subject
from training.defences import owner
from training.defences.base import DefenceError
from training.defences.strong_fine_tuning import DEFENCE
from training.defences.verdict import Repaired


def test_the_largest_learning_rate_that_keeps_clean_accuracy_is_found_without_a_test_image() -> None:
    given = subject(Convolved(10))
    found = DEFENCE.with_settings({"learning_rate": 0.01, "doublings": 2})(given)
    assert isinstance(found, Repaired)
    assert found.details["learning_rate"] == pytest.approx(0.04)
    assert found.after.clean_accuracy.value > 0.9
    untouched = Convolved(10)
    module = given.require_network().module
    assert all(torch.equal(a, b) for a, b in zip(module.parameters(), untouched.parameters(), strict=True))


def test_the_last_rate_that_keeps_the_accuracy_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    accuracies = iter([1.0, 1.0, 0.96, 0.5, 1.0])  # before, and at each rate
    monkeypatch.setattr(owner, "accuracy", lambda *_: next(accuracies))
    found = DEFENCE.with_settings({"learning_rate": 0.001, "doublings": 3})(subject(Convolved(10)))
    assert isinstance(found, Repaired)
    assert found.details["learning_rate"] == pytest.approx(0.002)
    assert list(accuracies) == [1.0]


def test_if_every_rate_loses_too_much_the_reason_is_given() -> None:
    with pytest.raises(DefenceError, match="at a learning rate of 1000 already loses more than 4% of clean accuracy"):
        DEFENCE.with_settings({"learning_rate": 1000})(subject(Convolved(10)))


def test_a_network_that_always_answers_the_same_is_refused() -> None:
    with pytest.raises(DefenceError, match="answers 'rows 1' to all 60"):
        DEFENCE(subject(Constant(1)))
