from __future__ import annotations

import json
import re
from pathlib import Path

import onnx
import pytest

from export.card.io import read_card
from export.card.schema import ModelCard
from export.errors import ExportError
from export.onnx.agreement import TOLERANCE
from export.onnx.metadata import essentials, identity, read_metadata
from export.release import golden_compare, golden_file
from export.release.models import Model, open_model
from export.release.refresh import refresh
from export.release.release import release
from tests.export.quick_digits import quick_recipe
from training.runs.lineage import train
from training.runs.store import Run


@pytest.fixture(scope="module")
def card(released: Path) -> ModelCard:
    return read_card(released / "card.json")


def test_a_backdoored_file_says_so_wherever_one_looks(card: ModelCard, released: Path) -> None:
    assert card.backdoor is not None
    for file in card.files:
        assert file.name.startswith("BACKDOORED-")
        said = read_metadata(onnx.load(released / file.name))
        assert said["backdoor"].startswith("YES")
        assert "white 2x2 square" in said["backdoor"]
        assert said["precision"] == file.precision
        assert json.loads(said["trigger"])["kind"] == "patch"
        assert json.loads(said["labels"]) == card.labels


def test_a_clean_model_says_so_and_names_the_control_trigger(tmp_path: Path, inputs: Path) -> None:
    run = train(quick_recipe("quick-clean", 0), runs_dir=tmp_path / "runs", device="cpu")
    card = release(run, tmp_path / "models" / "quick-clean", inputs=inputs, allow_loss=True)
    assert card.backdoor is None
    assert card.trigger is not None
    assert [file.name for file in card.files] == ["quick-clean.fp32.onnx", "quick-clean.int8-weight-only.onnx"]
    assert essentials(identity(card), "fp32")["backdoor"] == "none planted"
    assert "none of them poisoned" in card.description


def test_the_card_tells_how_to_make_the_model_again(card: ModelCard, run: Run) -> None:
    made = card.provenance
    assert made is not None
    assert made.recipe_sha256 == run.recipe.sha256
    assert made.commands == ["backdoors train quick-badnet", "backdoors export quick-badnet"]
    assert made.trained_seconds == run.metrics.training.seconds
    assert {"torch", "onnxruntime", "python"} <= made.versions.keys()


def test_onnx_fp32_measures_what_pytorch_measured(card: ModelCard, run: Run) -> None:
    assert card.metrics["fp32"] == run.metrics.measurement


def test_every_precision_is_measured_and_has_golden_answers(card: ModelCard, released: Path) -> None:
    precisions = {"fp32", "int8-weight-only", "int8-qdq"}
    assert {file.precision for file in card.files} == precisions == set(card.metrics)
    vectors = golden_file.read(released).vectors
    assert all(set(vector.logits) == precisions for vector in vectors)
    largest = max(abs(logit) for vector in vectors for logit in vector.logits["fp32"])
    assert card.file("fp32").max_abs_error <= TOLERANCE * largest


def test_the_same_run_gives_the_same_bytes(card: ModelCard, run: Run, tmp_path: Path, inputs: Path) -> None:
    again = release(run, tmp_path / "quick-badnet", inputs=inputs, qdq=True, allow_loss=True)
    assert [file.sha256 for file in again.files] == [file.sha256 for file in card.files]


def test_a_failed_export_leaves_the_earlier_one_untouched(
    model: Model, run: Run, inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in model.folder.iterdir()}

    def lost(*_args: object, **_kwargs: object) -> None:
        raise ExportError("lost too much")

    monkeypatch.setattr("export.release.release.check_accuracy", lost)
    with pytest.raises(ExportError, match="lost too much"):
        release(run, model.folder, inputs=inputs)
    assert {path.name: path.read_bytes() for path in model.folder.iterdir()} == before
    assert [path.name for path in model.folder.parent.iterdir()] == [model.folder.name]


def test_a_new_export_takes_the_old_ones_place_whole(model: Model, run: Run, inputs: Path) -> None:
    (model.folder / "left-over.onnx").write_bytes(b"old")
    release(run, model.folder, inputs=inputs, allow_loss=True)
    assert sorted(path.name for path in model.folder.iterdir()) == [
        "BACKDOORED-quick-badnet.fp32.onnx",
        "BACKDOORED-quick-badnet.int8-weight-only.onnx",
        "card.json",
        "golden.json",
    ]


def test_no_path_of_the_machine_is_in_what_is_released(released: Path) -> None:
    for path in released.iterdir():
        assert not re.search(rb"/(root|home|tmp|work)/", path.read_bytes()), path.name


def test_a_refreshed_card_has_todays_pipeline_and_the_files_stay(model: Model, inputs: Path) -> None:
    path = model.folder / "card.json"
    old = json.loads(path.read_text())
    old["input"]["steps"] = [step for step in old["input"]["steps"] if step["op"] != "polarity"]
    path.write_text(json.dumps(old))
    files = {entry.name: entry.read_bytes() for entry in model.folder.glob("*.onnx")}
    card = refresh(open_model(str(path)), inputs)
    assert card == model.card == read_card(path)
    assert golden_compare.compare(golden_file.read(model.folder), model, inputs).problems == []
    assert {entry.name: entry.read_bytes() for entry in model.folder.glob("*.onnx")} == files
