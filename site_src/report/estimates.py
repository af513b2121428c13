"""Estimates as pages write them: with their interval, and over several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from site_src.plugin.formats import THIN, percent
from training.core.metrics import Estimate


def with_interval(found: Estimate) -> str:
    """A proportion with its 95 % interval in brackets."""
    return f"{percent(found.value, found.n)} ({between(found.low, found.high, found.n)})"


def between(low: float, high: float, n: int) -> str:
    """Two proportions of `n` samples with one sign between them."""
    return f"{percent(low, n).removesuffix(f'{THIN}%')} to {percent(high, n)}"


def over_seeds(found: Sequence[Estimate]) -> Estimate:
    """The mean over networks of several seeds, with the smallest interval that holds all of theirs."""
    return Estimate(
        value=fmean(each.value for each in found), n=found[0].n,
        low=min(each.low for each in found), high=max(each.high for each in found),
    )  # fmt: skip
