from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from training.cli.main import app
from training.core.metrics import wilson
from training.studies import defence_run
from training.studies.defence_results import DefenceResults, Measure, TableCell
from training.studies.defence_table import spread
from training.studies.dispatch import Plan
from training.studies.slurm import Array


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the command asks for; it gets a table of two cells."""
    calls: list[dict[str, Any]] = []
    measures = [
        Measure(name="AUROC", backdoored=spread([wilson(9, 10), wilson(5, 10)]), control=spread([wilson(1, 2)]))
    ]
    table = [
        TableCell(attack="patch", defence="strip", status="measured", seeds=[1, 2], measures=measures, seconds=1.25),
        TableCell(attack="latent", defence="strip", status="not-applicable", reason="there is none", seeds=[]),
    ]
    found = DefenceResults(
        study="made", title="Made", description="", seeds=[1, 2], settings={}, attacks=[], defences=[], networks=[],
        cells=[], table=table, detection=[],
    )  # fmt: skip

    def run(study: object, **given: Any) -> DefenceResults:  # noqa: ANN401
        calls.append({"study": study, **given})
        return found

    monkeypatch.setattr(defence_run, "run", run)
    return calls


def invoke(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["study-defences", *arguments], env={"COLUMNS": "160"})
    return done.exit_code, done.output


def test_the_table_shows_medians_ranges_and_reasons(asked: list[dict[str, Any]], tmp_path: Path) -> None:
    code, said = invoke("digits-defences-quick", "--runs", str(tmp_path), "--on", "here", "--workers", "3")
    assert code == 0, said
    assert "70.00% (50.00% to 90.00%)" in said
    assert "there is none" in said
    (call,) = asked
    assert call["study"].name == "digits-defences-quick"
    assert call["out"] == tmp_path / "digits-defences-quick.json"
    assert call["plan"] == Plan("here", 3, "auto", Array(options={}))


def test_results_can_be_printed_as_json(asked: list[dict[str, Any]], tmp_path: Path) -> None:
    del asked
    code, said = invoke("digits-defences-quick", "--runs", str(tmp_path), "--json")
    assert code == 0
    assert DefenceResults.model_validate_json(said).study == "made"


def test_a_defence_that_the_study_lacks_cannot_be_measured_again(asked: list[dict[str, Any]], tmp_path: Path) -> None:
    code, said = invoke("digits-defences-quick", "--runs", str(tmp_path), "--again", "strop")
    assert (code, asked) == (1, [])
    assert "error: --again strop: digits-defences-quick has " in said
    invoke("digits-defences-quick", "--runs", str(tmp_path), "--again", "pruning")
    assert asked[0]["again"] == ["pruning"]


def test_a_study_that_does_not_exist_is_one_clear_line(tmp_path: Path) -> None:
    code, said = invoke("digits-defence-quick", "--runs", str(tmp_path))
    assert code == 1
    assert (
        said.splitlines()[-1]
        == "error: there is no recipe 'digits-defence-quick'; did you mean 'digits-defences-quick'?"
    )
