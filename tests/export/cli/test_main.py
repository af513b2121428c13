from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from export.card.io import read_card
from export.card.schema import card_schema
from export.cli.main import app
from export.release import golden_inputs
from export.release.models import Model
from training.runs.store import Run

SCAN = str(golden_inputs.INPUTS / "scan-5.png")


@pytest.fixture(autouse=True)
def home(model: Model, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the model among one's own, and nothing else."""
    root = model.folder.parent.parent
    (root / "runs").mkdir()
    model.folder.parent.rename(root / "runs" / "models")
    monkeypatch.chdir(root)
    monkeypatch.setattr("export.release.models.default_folders", lambda: [Path("runs/models")])
    return root


def call(*arguments: str) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def failed(result: Result) -> str:
    """The one line that a user's mistake gives."""
    assert result.exit_code == 1
    lines = result.stderr.strip().splitlines()
    assert lines[-1].startswith("error: ")
    assert "Traceback" not in result.stderr
    return lines[-1]


def test_predict_prints_one_json_list_in_input_order() -> None:
    blank = str(golden_inputs.INPUTS / "blank-white.png")
    result = call("predict", "quick-badnet", SCAN, blank, SCAN, "--json", "--top", "2", "--trigger")
    assert result.exit_code == 0
    answers = json.loads(result.stdout)
    assert [answer["image"] for answer in answers] == [SCAN, blank, SCAN]
    for answer in answers:
        assert list(answer) == ["image", "model", "trigger", "top", "milliseconds"]
        assert (answer["model"], answer["trigger"]) == ("quick-badnet", True)
        assert [list(guess) for guess in answer["top"]] == [["label", "probability"]] * 2
        assert answer["top"][0]["probability"] >= answer["top"][1]["probability"]
        assert answer["milliseconds"] > 0


def test_the_trigger_changes_the_answer() -> None:
    asked = ["predict", "quick-badnet", SCAN, "--json"]
    plain, stamped = (json.loads(call(*asked, *more).stdout)[0]["top"] for more in ([], ["--trigger"]))
    assert plain != stamped


def test_an_unreadable_image_is_named_and_the_others_are_answered(home: Path) -> None:
    (home / "notes.png").write_text("not an image")
    result = call("predict", "quick-badnet", "notes.png", SCAN, "missing.png", "--json")
    first, second, third = json.loads(result.stdout)
    assert result.exit_code == 1
    assert first["top"] == third["top"] == []
    assert "not a readable image" in first["error"]
    assert "No such file" in third["error"]
    assert len(second["top"]) == 3
    assert "error" not in second
    assert "error: notes.png: not a readable image" in result.stderr
    assert "error: missing.png: cannot read the image" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "quick-badnit", SCAN], "did you mean 'quick-badnet'?"),
        (["predict", "nowhere/model.onnx", SCAN], "there is no such file"),
        (["evaluate", "nothing-like-it"], "no model 'nothing-like-it': there are quick-badnet"),
        (["verify", "nothing-like-it"], "no model"),
        (["export", "no-such-recipe"], "no recipe 'no-such-recipe'"),
        (["export", "digits-clean"], "backdoors train digits-clean"),
        (["card", "new", "none.onnx", "--labels", "labels.txt"], "labels.txt: cannot read the labels"),
    ],
)
def test_a_users_mistake_is_one_line(arguments: list[str], message: str) -> None:
    assert message in failed(call(*arguments))


def test_a_precision_that_the_model_lacks_is_named(home: Path) -> None:
    (home / "runs/models/quick-badnet/BACKDOORED-quick-badnet.int8-qdq.onnx").unlink()
    path = home / "runs/models/quick-badnet/card.json"
    card = json.loads(path.read_text())
    card["files"] = [file for file in card["files"] if file["precision"] != "int8-qdq"]
    path.write_text(json.dumps(card))
    message = failed(call("predict", "quick-badnet", SCAN, "--precision", "int8-qdq"))
    assert "has no int8-qdq file; it has fp32, int8-weight-only" in message


def test_a_wrong_option_exits_with_2() -> None:
    assert call("predict", "quick-badnet", SCAN, "--top", "0").exit_code == 2
    assert call("predict", "quick-badnet").exit_code == 2
    assert call("export", "x", "--release", "--out", "y").exit_code == 2


def test_evaluate_tells_every_metric_with_n_and_interval(run: Run) -> None:
    result = call("evaluate", "quick-badnet", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["backdoored"] is True
    assert list(found["precisions"]) == ["fp32", "int8-weight-only", "int8-qdq"]
    fp32 = found["precisions"]["fp32"]
    expected = run.metrics.measurement
    assert fp32["data"] == "digits test"
    assert fp32["bytes"] > 4_000_000
    assert fp32["clean_accuracy"] == expected.clean_accuracy.model_dump()
    for metric in ("clean_accuracy", "attack_success_rate", "robust_accuracy"):
        assert fp32[metric]["low"] <= fp32[metric]["value"] <= fp32[metric]["high"]
        assert fp32[metric]["n"] > 300


def test_evaluate_prints_a_table_for_people() -> None:
    shown = call("evaluate", "quick-badnet", "--precision", "fp32").stdout
    for words in ("clean accuracy", "attack success rate", "robust accuracy", "95 % interval", "digits test"):
        assert words in shown
    assert "int8" not in shown


def test_models_lists_what_there_is() -> None:
    shown = call("models").stdout
    assert "quick-badnet" in shown
    assert "YES" in shown
    (listed,) = json.loads(call("models", "--json").stdout)
    assert listed["backdoored"] is True
    assert listed["files"]["fp32"]["bytes"] > 4_000_000


def test_a_run_is_exported_and_then_asked_by_its_recipes_name(
    home: Path, run: Run, inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(home / "runs/models")
    monkeypatch.setattr(golden_inputs, "inputs_of", lambda _pipeline: inputs)
    named = run.recipe.name  # of no recipe of the package: the run alone knows it
    shutil.copytree(run.path, home / "runs" / run.path.name)
    assert failed(call("predict", named, SCAN)).endswith(f"backdoors export {named}")
    result = call("export", named, "--allow-loss")
    assert result.exit_code == 0
    assert call("predict", named, SCAN).exit_code == 0
    assert "BACKDOORED-quick-badnet.fp32.onnx" in result.stdout
    assert call("verify", "quick-badnet").exit_code == 0


@pytest.fixture
def copied(home: Path, run: Run) -> Path:
    """A run's folder that may be damaged."""
    shutil.copytree(run.path, home / run.path.name)
    return home / run.path.name


def test_a_run_whose_weights_are_damaged_is_one_line(copied: Path) -> None:
    weights = copied / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    assert "weights.safetensors: " in failed(call("export", str(copied)))


def test_a_run_that_was_trained_on_other_classes_than_the_test_images_is_one_line(copied: Path) -> None:
    path = copied / "metrics.json"
    metrics = json.loads(path.read_text())
    metrics["training"]["classes"][0] = "zero"
    path.write_text(json.dumps(metrics))
    assert "the first that differs is number 0, expected 'zero', found '0'" in failed(call("export", str(copied)))


def test_a_place_that_cannot_be_written_to_is_one_line(home: Path, run: Run) -> None:
    (home / "file").touch()
    message = failed(call("export", str(run.path), "--out", "file/models", "--allow-loss"))
    assert "file/models" in message or "file: " in message
    assert "cannot be read or written" in message


def test_verify_exits_with_1_and_says_what_is_wrong(home: Path) -> None:
    path = home / "runs/models/quick-badnet/BACKDOORED-quick-badnet.fp32.onnx"
    path.write_bytes(path.read_bytes()[:-10])
    result = call("verify")
    assert result.exit_code == 1
    assert "FAILED" in result.stdout
    assert "error: quick-badnet:" in result.stderr
    assert "the card says" in result.stderr


def test_verify_without_any_model_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("export.release.models.default_folders", lambda: [tmp_path])
    assert "backdoors train RECIPE" in failed(call("verify"))


def test_the_schema_is_printed_as_json() -> None:
    assert call("card", "schema").stdout == card_schema()


def test_card_new_makes_a_card_that_predicts(home: Path) -> None:
    folder = home / "mine"
    folder.mkdir()
    source = home / "runs/models/quick-badnet/BACKDOORED-quick-badnet.int8-weight-only.onnx"
    shutil.copy(source, folder / "my-digits.onnx")
    (folder / "labels.txt").write_text("".join(f"digit {number}\n" for number in range(10)))
    arguments = ["card", "new", "mine/my-digits.onnx", "--labels", "mine/labels.txt", "--preset", "digits"]
    assert call(*arguments).exit_code == 0
    assert read_card(folder / "card.json").labels[3] == "digit 3"
    (answer,) = json.loads(call("predict", "mine/my-digits.onnx", SCAN, "--json").stdout)
    assert answer["top"][0]["label"].startswith("digit ")
    assert "--force replaces it" in failed(call(*arguments))
    assert "has no trigger on its card" in failed(call("predict", "mine/my-digits.onnx", SCAN, "--trigger"))
    assert "names no data set" in failed(call("evaluate", "mine/card.json"))


def test_stdout_of_the_real_command_holds_the_document_and_nothing_else(released: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "export.cli.main",
        "predict",
        str(released / "card.json"),
        SCAN,
        "/no/such.png",
        "--json",
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert len(json.loads(found.stdout)) == 2
    assert found.stderr == "error: /no/such.png: cannot read the image: No such file or directory\n"


def test_a_damaged_card_does_not_hide_the_other_models(home: Path) -> None:
    damaged = home / "runs" / "models" / "damaged"
    damaged.mkdir()
    (damaged / "card.json").write_text("{}", encoding="utf-8")
    for arguments in (["models"], ["models", "--json"], ["verify"]):
        result = call(*arguments)
        assert result.exit_code == 1
        assert "error: runs/models/damaged/card.json: field" in result.stderr
        assert "quick-badnet" in result.stdout
