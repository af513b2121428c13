from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from training.cli.main import app
from training.core.metrics import Measurement, wilson
from training.studies import fine_tuning
from training.studies.schema import FineTuned, FineTunings, Study, read_study

STUDENTS = ("latent-digits-student-latent", "latent-digits-student-clean")
EMPTY = Study(student="another", results=[], altered=[], defended=[])
MEASURED = Measurement(data="digits test", clean_accuracy=wilson(9, 10), attack_success_rate=wilson(1, 10))
ROW = FineTuned(student="tuned", recipe_sha256="0", seed=2, measurement=MEASURED, framed=MEASURED)
TUNED = ROW.model_copy(update={"layer": 12, "learning_rate": 5e-4, "seconds": 1.0})
FOUND = FineTunings(student_sha256="0", epochs=6, images=10, most_lost=0.04, untuned=wilson(9, 10), rows=[ROW, TUNED])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], list[int]]]:
    """Which students and seeds the command asks for; nothing is trained."""
    calls: list[tuple[list[str], list[int]]] = []

    def measure(students: Any, seeds: list[int], before: Study, **more: Any) -> Study:  # noqa: ANN401
        calls.append(([student.name for student in students], seeds))
        made = before.model_copy(update={"fine_tunings": FOUND})
        more["keep"](made)
        return made

    monkeypatch.setattr(fine_tuning, "measure", measure)
    return calls


def invoke(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["study-fine-tuning", *map(str, arguments)])
    return done.exit_code, done.output


def test_a_study_keeps_the_rest_and_rows_are_printed(asked: list[tuple[list[str], list[int]]], tmp_path: Path) -> None:
    path = tmp_path / "latent.json"
    path.write_text(EMPTY.model_dump_json(), encoding="utf-8")
    code, said = invoke(path, *STUDENTS, "--seeds", "2")
    assert code == 0, said
    assert asked == [([*STUDENTS], [1, 2])]
    assert read_study(path) == EMPTY.model_copy(update={"fine_tunings": FOUND})
    before, after = said.splitlines()
    assert "not fine-tuned" in before
    assert "layer 12 on, at 0.0005" in after


def test_a_study_that_is_not_there_is_begun(asked: list[tuple[list[str], list[int]]], tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    assert invoke(path, *STUDENTS)[0] == 0
    assert asked == [([*STUDENTS], [1, 2, 3])]
    assert read_study(path).student == STUDENTS[0]


@pytest.mark.parametrize(
    ("file", "student", "said"),
    [
        ("latent.json", "digits-badnet", "takes recipes of kind 'transfer'"),
        (".", STUDENTS[0], "this is a folder"),
        ("damaged.json", STUDENTS[0], "damaged.json: cannot be read as a study"),
    ],
)
def test_a_mistake_is_one_line_before_anything_is_trained(
    asked: list[tuple[list[str], list[int]]], tmp_path: Path, file: str, student: str, said: str
) -> None:
    (tmp_path / "damaged.json").write_text("{}", encoding="utf-8")
    code, output = invoke(tmp_path / file, student, STUDENTS[1])
    assert (code, asked) == (1, [])
    assert said in output
    assert len(output.splitlines()) == 1
