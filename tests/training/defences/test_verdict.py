from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.training.defences.subjects import CONFIDENCE, subject
from training.core.metrics import Measurement, wilson
from training.defences.verdict import AnyVerdict, ClassIndex, ClassIndices, Repaired, verdict_adapter

SURE = Measurement(data="made", clean_accuracy=wilson(9, 10), attack_success_rate=wilson(1, 10))
INDICES = ClassIndices(
    index="anomaly index", threshold=2, images=5, targets=["b"],
    classes=[ClassIndex(label="a", index=0.5), ClassIndex(label="b", index=3, details={"size": 4})],
)  # fmt: skip


@pytest.mark.parametrize(
    "verdict", [CONFIDENCE(subject()), INDICES, Repaired(images=3, before=SURE, after=SURE, details={"fraction": 0.5})]
)
def test_every_verdict_is_read_as_it_was_written(verdict: AnyVerdict) -> None:
    assert verdict_adapter.validate_json(verdict_adapter.dump_json(verdict)) == verdict
    assert verdict.findings


def test_the_classes_above_the_threshold_are_suspects() -> None:
    assert INDICES.suspects == ["b"]
    assert dict(INDICES.findings) == {"highest anomaly index": "3.00, class b", "classes above 2": "b"}


def test_a_repair_shows_each_measure_before_and_after_where_it_is_defined() -> None:
    names = [name for name, _ in Repaired(images=3, before=SURE, after=SURE).findings]
    assert names == [
        "clean accuracy before", "clean accuracy after", "attack success rate before", "attack success rate after",
    ]  # fmt: skip


def test_a_number_that_json_cannot_hold_is_refused() -> None:
    with pytest.raises(ValidationError, match="finite"):
        ClassIndex(label="a", index=float("nan"))
