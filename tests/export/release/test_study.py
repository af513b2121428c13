from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from export.card.io import read_card
from export.cli.main import app
from training.runs.store import Run
from training.studies.schema import Result, Study, read_study


@pytest.fixture
def study(run: Run, tmp_path: Path) -> Path:
    measured = run.metrics.measurement
    row = Result(
        recipe=run.recipe.name, recipe_sha256=run.recipe.sha256, seed=run.recipe.seed, seconds=1, measurement=measured
    )
    rows = [row.model_copy(update={"framed": measured}), row]
    path = tmp_path / "study.json"
    path.write_text(
        Study(student=row.recipe, results=rows, altered=[], defended=[]).model_dump_json(), encoding="utf-8"
    )
    return path


def test_int8_is_measured_as_the_card_says_and_of_no_baseline(study: Path, run: Run, released: Path) -> None:
    result = CliRunner().invoke(app, ["study-int8", str(study), "--runs", str(run.path.parent)])
    assert result.exit_code == 0, result.output
    network, baseline = read_study(study).results
    wanted = read_card(released / "card.json").metrics["int8-weight-only"]
    assert network.int8 == wanted.model_copy(update={"per_class": {}})
    assert baseline.int8 is None
    assert f"clean accuracy {wanted.clean_accuracy.value:.2%}" in result.stdout


def test_what_was_measured_before_is_kept(study: Path, tmp_path: Path) -> None:
    content = json.loads(study.read_text(encoding="utf-8"))
    content["results"][0]["int8"] = content["results"][0]["measurement"]
    study.write_text(json.dumps(content), encoding="utf-8")
    before = read_study(study)
    result = CliRunner().invoke(app, ["study-int8", str(study), "--runs", str(tmp_path / "nothing")])
    assert result.exit_code == 0, result.output
    assert read_study(study) == before


def test_a_run_that_is_not_there_is_one_clear_line(study: Path, tmp_path: Path) -> None:
    before = study.read_bytes()
    result = CliRunner().invoke(app, ["study-int8", str(study), "--runs", str(tmp_path / "nothing")])
    assert result.exit_code == 1
    assert "there is no finished run" in result.stderr
    assert study.read_bytes() == before


def test_a_file_that_is_no_study_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    path.write_text("{}", encoding="utf-8")
    result = CliRunner().invoke(app, ["study-int8", str(path)])
    assert result.exit_code == 1
    assert f"{path}: cannot be read as a study" in result.stderr
