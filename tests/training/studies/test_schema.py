from __future__ import annotations

from pathlib import Path

import pytest

from training.core.errors import RunError
from training.core.reading import TEXT_BYTES
from training.studies.schema import Defences, Table, read_defences, read_study

METRICS = Path(__file__).resolve().parents[3] / "site_assets" / "metrics"


def test_a_file_that_is_no_study_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text('{"student": 1}', encoding="utf-8")
    with pytest.raises(RunError, match="cannot be read as a study; backdoors study --force") as caught:
        read_study(tmp_path / "study.json")
    assert "\n" not in str(caught.value)


def test_the_released_study_is_read_and_written_byte_for_byte() -> None:
    path = METRICS / "latent.json"
    assert read_study(path).model_dump_json(indent=1) + "\n" == path.read_text(encoding="utf-8")


def test_the_released_sweep_is_read_and_written_byte_for_byte() -> None:
    text = (METRICS / "mnist-poison-rate.json").read_text(encoding="utf-8")
    assert Table.model_validate_json(text).model_dump_json(indent=2, exclude_none=True) + "\n" == text


def test_an_empty_table_is_nobodys_results(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text("{}")
    with pytest.raises(RunError, match="cannot be read as results of backdoors defend"):
        read_defences(path)
    path.write_text(Defences().model_dump_json())
    assert read_defences(path) == Defences()


def test_gigabytes_at_out_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as stream:
        stream.truncate(TEXT_BYTES + 1)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} is read without a limit"))
    with pytest.raises(RunError, match="cannot be read as results of backdoors defend"):
        read_defences(path)
