from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import onnx
import pytest

from export.onnx.metadata import stamp_metadata
from export.onnx.to_onnx import serialise
from export.release.models import Model, open_model
from export.release.verify import verify


def problems(model: Model, inputs: Path) -> list[str]:
    return [problem for check in verify(model, inputs) for problem in check.problems]


def with_card(model: Model, **changes: object) -> Model:
    """The model with fields of its card changed on disk."""
    path = model.folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return open_model(str(path))


def test_an_untouched_model_passes(model: Model, inputs: Path) -> None:
    assert problems(model, inputs) == []
    shown = {check.what: check.found for check in verify(model, inputs)}
    assert "10 vectors" in shown["golden"]
    assert "same top-1 on 10 of 10" in shown["golden int8-weight-only"]


def test_one_flipped_bit_of_a_file_is_found(model: Model, inputs: Path) -> None:
    path = model.folder / model.card.file("int8-weight-only").name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    (problem,) = problems(model, inputs)
    assert "int8-weight-only.onnx: SHA-256" in problem


def test_a_missing_file_is_found(model: Model, inputs: Path) -> None:
    (model.folder / model.card.file("fp32").name).unlink()
    assert any("the file is missing" in problem for problem in problems(model, inputs))


def test_a_truncated_file_is_found(model: Model, inputs: Path) -> None:
    path = model.folder / model.card.file("fp32").name
    path.write_bytes(path.read_bytes()[:-1])
    assert any("4,8" in problem and "the card says" in problem for problem in problems(model, inputs))


@pytest.mark.parametrize("changes", [{"title": "Another"}, {"licence": "none"}, {"backdoor": None}])
def test_a_card_that_contradicts_the_files_metadata_is_found(
    model: Model, inputs: Path, changes: dict[str, Any]
) -> None:
    found = problems(with_card(model, **changes), inputs)
    key = next(iter(changes))
    assert any(f"metadata {key}" in problem for problem in found)


def replaced(model: Model, content: bytes) -> Model:
    """The model with other content in its fp32 file, and a card that says so."""
    entry = model.card.file("fp32")
    (model.folder / entry.name).write_bytes(content)
    files = [file.model_dump() for file in model.card.files]
    for file in files:
        if file["name"] == entry.name:
            file |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return with_card(model, files=files)


def fp32(model: Model) -> onnx.ModelProto:
    return onnx.load(model.folder / model.card.file("fp32").name)


def test_a_file_without_metadata_is_found(model: Model, inputs: Path) -> None:
    found = problems(replaced(model, serialise(stamp_metadata(fp32(model), {}))), inputs)
    assert any("metadata backdoor is None" in problem for problem in found)


def test_a_file_of_a_card_that_is_no_onnx_is_found(model: Model, inputs: Path) -> None:
    found = problems(replaced(model, serialise(fp32(model))[:-100]), inputs)
    assert any("fp32.onnx: not an ONNX model" in problem for problem in found)


def test_a_file_that_breaks_the_rules_of_onnx_is_found(model: Model, inputs: Path) -> None:
    network = fp32(model)
    network.graph.node[0].op_type = "NoSuchOperator"
    found = problems(replaced(model, serialise(network)), inputs)
    assert any("fp32.onnx: not valid ONNX: " in problem for problem in found)


def test_a_stray_model_beside_the_card_is_found(model: Model, inputs: Path) -> None:
    (model.folder / "stray.onnx").write_bytes(b"")
    assert problems(model, inputs) == ["stray.onnx lies beside the card but is not on it"]


def test_another_pipeline_than_the_golden_vectors_had_is_found(model: Model, inputs: Path) -> None:
    card = json.loads((model.folder / "card.json").read_text())
    for step in card["input"]["steps"]:
        if step["op"] == "fit":
            step["height"] = step["width"] = 18
    assert any("stage fit" in problem for problem in problems(with_card(model, input=card["input"]), inputs))


def test_missing_golden_vectors_are_found(model: Model, inputs: Path) -> None:
    (model.folder / "golden.json").unlink()
    assert any("cannot read the golden vectors" in problem for problem in problems(model, inputs))


def test_a_model_in_a_folder_of_another_name_is_found(model: Model, inputs: Path) -> None:
    moved = model.folder.rename(model.folder.with_name("other"))
    assert any("its folder is 'other'" in problem for problem in problems(open_model(str(moved)), inputs))
