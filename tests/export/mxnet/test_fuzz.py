from __future__ import annotations

import json
import os
import tracemalloc
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.export.mxnet.fuzzing import METRICS, attempt, originals

BATCH = 50
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "420"))
"""Each of `BATCH` mutations: more than 20,000 in all."""
counts: Counter[str] = Counter()


@settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
@given(st.lists(st.integers(0, 2**64 - 1), min_size=BATCH, max_size=BATCH, unique=True))
def test_a_damaged_checkpoint_ends_in_a_model_or_in_our_own_error(seeds: list[int]) -> None:
    counts.update(attempt(seed) for seed in seeds)


def test_the_fuzzing_reached_every_kind_of_end_often_enough() -> None:
    if not counts:
        pytest.skip("the fuzz test did not run")
    assert counts.total() >= 20_000
    for outcome in ("CheckpointError", "SymbolError", "ParametersError", "ShapeError", "UnknownOperatorError"):
        assert counts[outcome] >= 5, counts
    assert counts["converted"] >= 500
    assert counts["converted and run"] >= 20


def test_reading_a_damaged_file_takes_no_more_memory_than_a_few_times_its_size() -> None:
    largest = max(len(parameters) for _, parameters in originals().values())
    tracemalloc.start()
    try:
        for seed in range(300):
            attempt(seed)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * largest + (8 << 20)


def test_the_published_fuzz_run_had_no_other_errors() -> None:
    published = json.loads(METRICS.read_text())
    assert published["mutations"] >= 20_000
    assert published["other_errors"] == {}
    assert sum(published["outcomes"].values()) == published["mutations"]
