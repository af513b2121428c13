from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from training.cli.main import app
from training.studies import latent
from training.studies.schema import Study

STUDENT = "latent-digits-student-clean"
EMPTY = Study(student="another", results=[], altered=[], defended=[])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the command asks for; nothing is trained."""
    calls: list[dict[str, Any]] = []

    def again(students: object, seeds: object, before: Study, **more: Any) -> Study:  # noqa: ANN401
        calls.append({"students": students, "seeds": seeds, "before": before})
        more["keep"](before)
        return before

    monkeypatch.setattr(latent, "again", again)
    return calls


def invoke(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["study-students", *map(str, arguments)])
    return done.exit_code, done.output


def test_a_study_is_begun_and_each_student_is_measured_once_with_each_seed(
    asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    path = tmp_path / "new.json"
    code, said = invoke(path, STUDENT, STUDENT, "--seeds", "2")
    assert code == 0, said
    assert [student.name for student in asked[0]["students"]] == [STUDENT]
    assert asked[0]["seeds"] == [1, 2]
    assert Study.model_validate_json(path.read_bytes()).student == STUDENT


def test_a_study_that_exists_is_changed(asked: list[dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(EMPTY.model_dump_json(), encoding="utf-8")
    assert invoke(path, STUDENT)[0] == 0
    assert asked[0]["before"] == EMPTY


@pytest.mark.parametrize(
    ("file", "student", "said"),
    [
        ("study.json", "digits-badnet", "takes recipes of kind 'transfer'"),
        ("study.json", "latent-digits-student-clear", f"did you mean '{STUDENT}'?"),
        (".", STUDENT, "this is a folder"),
        ("damaged.json", STUDENT, "damaged.json: cannot be read as a study"),
    ],
)
def test_a_mistake_is_one_line_before_anything_is_trained(
    asked: list[dict[str, Any]], tmp_path: Path, file: str, student: str, said: str
) -> None:
    (tmp_path / "damaged.json").write_text("{}", encoding="utf-8")
    code, output = invoke(tmp_path / file, student)
    assert (code, asked) == (1, [])
    assert said in output
    assert len(output.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["damaged.json"]
