from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.data.fetch.download_faults import CASES, Case, run, wrong


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault)
def test_a_fault_ends_in_the_right_file_or_in_one_line_and_nothing_half_written(case: Case, tmp_path: Path) -> None:
    assert wrong(case, run(case, tmp_path)) == []
