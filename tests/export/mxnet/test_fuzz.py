from __future__ import annotations

import json
import tracemalloc
from collections import Counter

from tests.export.mxnet.fuzzing import METRICS, attempt, originals

MUTATIONS = 20_000


def test_a_damaged_checkpoint_ends_in_a_model_or_in_our_own_error() -> None:
    outcomes, unexpected = Counter[str](), {}
    for seed in range(MUTATIONS):
        try:
            outcomes[attempt(seed)] += 1
        except Exception as error:  # noqa: BLE001 - every other error is a finding
            unexpected[seed] = f"{type(error).__name__}: {error}"
    assert unexpected == {}
    for outcome in ("CheckpointError", "SymbolError", "ParametersError", "ShapeError", "UnknownOperatorError"):
        assert outcomes[outcome] >= 5, outcomes
    assert outcomes["converted"] >= 500
    assert outcomes["converted and run"] >= 20


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
