from __future__ import annotations

import pytest

from site_src.plugin.formats import NBSP, THIN, chance, count, duration, percent, size, unbroken


def test_per_cents_have_no_more_decimals_than_the_samples_carry() -> None:
    assert percent(0.99534, 10_000) == f"99.53{THIN}%"
    assert percent(0.99534, 900) == f"99.5{THIN}%"
    assert percent(0.99534, 90) == f"100{THIN}%"


def test_a_percentage_in_a_text_stays_in_one_piece() -> None:
    assert unbroken("20 % of 30 mm") == f"20{THIN}% of 30 mm"


def test_sizes_durations_and_counts_are_readable() -> None:
    assert size(1_203_000) == f"1.20{THIN}MB"
    assert size(31_594) == f"31.59{THIN}kB"
    assert count(10_000) == f"10{THIN}000"
    assert [duration(seconds) for seconds in (12.4, 90, 7200)] == [f"12{THIN}s", f"1.5{THIN}min", f"2.0{THIN}h"]


@pytest.mark.parametrize(
    ("probability", "text"),
    [(1, f"100{NBSP}%"), (0.99996, f">{NBSP}99.9{NBSP}%"), (0.9994, f"99.9{NBSP}%"), (0.5, f"50.0{NBSP}%"),
     (0.0004, f"<{NBSP}0.1{NBSP}%"), (0, f"0.0{NBSP}%")],
)  # fmt: skip
def test_a_probability_never_claims_certainty_that_is_not_there(probability: float, text: str) -> None:
    """The cases of `percent` in tests/widgets/core/output.test.mjs."""
    assert chance(probability) == text
