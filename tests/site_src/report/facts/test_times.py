from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN, size
from site_src.plugin.page import PageBuilder
from site_src.report.facts.times import Times

MODEL = "tiny-clean"


def times(page: PageBuilder, folder: Path, **changes: object) -> Times:
    """Macros over one measured model; `changes` are of its row."""
    facts = Facts(page.around.catalogue, folder)
    file = facts.file(MODEL)
    row: dict[str, Any] = {
        "model": MODEL, "precision": file.precision, "bytes": file.total_bytes, "open": 300.0, "first": 90.0,
        "browser": 33.94, "fastest": 33.0, "native": 15.31, "nativeFastest": 15.0, "bytesToFirstAnswer": 17_238_323,
    }  # fmt: skip
    report = {"runs": 50, "cpu": "Fast CPU ", "browser": "153.0.1.0", "rows": [row | changes]}
    (folder / "inference-times.json").write_text(json.dumps(report), encoding="utf-8")
    return Times(facts)


def test_each_model_has_a_row(page: PageBuilder, tmp_path: Path) -> None:
    table = times(page, tmp_path).inference_table([MODEL])
    own = size(Facts(page.around.catalogue, tmp_path).file(MODEL).total_bytes)
    assert table.splitlines()[-1] == (
        f"| [`{MODEL}`](models.md#{MODEL}) | 33.9{THIN}ms | 15.3{THIN}ms | {own} | 17.24{THIN}MB |"
    )


def test_the_measurement_says_where_and_how_often(page: PageBuilder, tmp_path: Path) -> None:
    made = times(page, tmp_path)
    assert made.inference_runs() == "50"
    assert made.inference_machine() == "Chromium 153 on Fast CPU"


@pytest.mark.parametrize("changes", [{"bytes": 1}, {"model": "another"}, {"precision": "int8-qdq"}])
def test_a_measurement_of_another_file_is_refused(page: PageBuilder, tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(FactError, match="run `make inference-times`"):
        times(page, tmp_path, **changes).inference_table([MODEL])
