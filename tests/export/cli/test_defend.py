from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from export.cli.main import app
from export.release.models import Model
from tests.training.defences.subjects import CONFIDENCE
from training.defences import registry
from training.runs.store import Run
from training.studies.schema import Defences, read_defences


def defend(*given: str | Path) -> Result:
    return CliRunner().invoke(app, ["defend", *map(str, given)])


@pytest.fixture(autouse=True)
def with_confidence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A defence that needs answers alone."""
    monkeypatch.setitem(registry.DEFENCES, CONFIDENCE.name, CONFIDENCE)


def test_a_run_is_defended_and_a_second_call_resumes(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    first = defend(run.path, "--with", "fine-tuning", "--set", "fine-tuning.epochs=1", "--out", out)
    assert first.exit_code == 0, first.output
    assert "attack success rate after" in first.stdout
    found = read_defences(out)
    assert found.cells[0].settings["epochs"] == 1
    more = defend(run.path, "--with", "fine-tuning", "--set", "fine-tuning.epochs=1", "--with", "pruning", "--out", out)
    assert more.exit_code == 0, more.output
    assert read_defences(out).cells[0] == found.cells[0]
    assert [cell.defence for cell in read_defences(out).cells] == ["fine-tuning", "pruning"]


def test_a_model_is_defended_beside_its_run_as_the_control(model: Model, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    result = defend(model.folder, "--with", "confidence", "--control", run.path, "--out", out, "--json", "--seed", "3")
    assert result.exit_code == 0, result.output
    found = Defences.model_validate(json.loads(result.stdout))
    assert found == read_defences(out)
    assert [(cell.status, cell.seed) for cell in found.cells] == [("measured", 3)] * 2
    assert found.beside(found.cells[0]) == found.cells[1]


def test_a_model_says_which_defences_it_cannot_have(model: Model, tmp_path: Path) -> None:
    result = defend(
        model.folder,
        "--out",
        tmp_path / "found.json",
        "--with",
        "strip",
        "--set",
        "strip.overlays=12",
        "--with",
        "pruning",
    )
    assert result.exit_code == 0, result.output
    assert "AUROC" in result.stdout
    assert "not applicable" in result.stdout
    assert "an ONNX file only answers" in result.stdout


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--with", "prunning"], "there is no defence 'prunning'; did you mean 'pruning'?"),
        (["--with", "pruning", "--set", "pruning.most_lost"], "expected DEFENCE.NAME=VALUE"),
        (["--with", "pruning", "--set", "strip.n=1"], "strip is not among the chosen defences pruning"),
        (["--with", "pruning", "--set", "pruning.most=1"], "its settings are most_lost"),
        (["--device", "warp"], "device 'warp'"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(given: list[str], message: str, run: Run, tmp_path: Path) -> None:
    result = defend(run.path, "--out", tmp_path / "found.json", *given)
    assert result.exit_code == 1
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "found.json").exists()


def test_a_seed_below_zero_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    assert defend(run.path, "--with", "pruning", "--seed", "-1", "--out", tmp_path / "found.json").exit_code == 2


def test_results_of_another_kind_are_not_overwritten(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    out.write_text('{"student": 1}', encoding="utf-8")
    result = defend(run.path, "--with", "pruning", "--out", out)
    assert result.exit_code == 1
    assert "--force starts over" in result.stderr
    assert out.read_text(encoding="utf-8") == '{"student": 1}'


def test_the_exported_model_does_not_stand_in_for_a_run_that_cannot_be_used(
    model: Model, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("export.release.models.default_folders", lambda: [model.folder.parent])
    given = ("quick-badnet", "--with", "confidence", "--out", tmp_path / "found.json", "--device", "warp", "--runs")
    refused = defend(*given, run.path.parent)
    assert refused.exit_code == 1
    assert "device 'warp'" in refused.stderr
    (model.folder.parent / "damaged").mkdir()
    (model.folder.parent / "damaged" / "card.json").write_text("{}", encoding="utf-8")
    answered = defend(*given, tmp_path)  # without a run the model is meant, and runs where ONNX files run
    assert answered.exit_code == 0, answered.output


def test_a_name_that_is_neither_run_nor_model_is_one_line(tmp_path: Path) -> None:
    result = defend("digits-badnett", "--runs", tmp_path)
    assert result.exit_code == 1
    assert "did you mean 'digits-badnet" in result.stderr
