from __future__ import annotations

from pathlib import Path

import pytest

from site_src.plugin.catalogue import Catalogue
from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import NBSP, count, percent


@pytest.fixture
def facts(models_dir: Path, tmp_path: Path) -> Facts:
    return Facts(Catalogue([models_dir]), tmp_path)


def test_a_metric_has_its_n_and_interval(facts: Facts) -> None:
    found = facts.estimate("tiny-badnet", "attack_success_rate")
    text = facts.metric("tiny-badnet", "attack_success_rate")
    assert text.startswith(percent(found.value, found.n))
    assert f"n{NBSP}={NBSP}{count(found.n)}" in text
    assert "interval" in text


def test_a_class_has_its_own_value(facts: Facts) -> None:
    whole = facts.estimate("tiny-clean", "clean_accuracy")
    one = facts.estimate("tiny-clean", "clean_accuracy", label="8")
    assert one.n < whole.n
    assert facts.value("tiny-clean", "clean_accuracy", label="8") == percent(one.value, one.n)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("tiny-clear", "clean_accuracy"), "did you mean 'tiny-clean'"),
        (("tiny-clean", "clean_acuracy"), "did you mean 'clean_accuracy'"),
        (("tiny-clean", "clean_accuracy", "int8"), "has no metrics for 'int8'"),
        (("tiny-clean", "clean_accuracy", None, "x"), "no class 'x'"),
        (("tiny-clean", "attack_success_rate", None, "7"), "was not measured"),
    ],
)
def test_what_is_not_there_is_reported(facts: Facts, arguments: tuple[str, ...], hint: str) -> None:
    with pytest.raises(FactError, match=hint):
        facts.metric(*arguments)  # type: ignore[arg-type]


def test_a_metrics_file_that_is_missing_or_broken_is_reported(facts: Facts, tmp_path: Path) -> None:
    (tmp_path / "poison-rate.json").write_text("[")
    with pytest.raises(FactError, match="did you mean 'poison-rate'"):
        facts.measurements("poison-rates")
    with pytest.raises(FactError, match="not valid JSON"):
        facts.measurements("poison-rate")
