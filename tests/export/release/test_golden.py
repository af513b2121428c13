from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from export.errors import ExportError
from export.onnx.agreement import TOLERANCE
from export.release import golden, golden_compare, golden_file, golden_inputs
from export.release.golden_file import Golden
from export.release.models import Model


@pytest.fixture
def vectors(model: Model) -> Golden:
    return golden_file.read(model.folder)


def changed(vectors: Golden, **changes: object) -> Golden:
    """The golden vectors with fields of the first one changed."""
    first = vectors.vectors[0].model_copy(update=changes)
    return vectors.model_copy(update={"vectors": [first, *vectors.vectors[1:]]})


def test_each_input_is_there_with_and_without_trigger(vectors: Golden, inputs: Path) -> None:
    expected = {(path.name, trigger) for path in inputs.iterdir() for trigger in (False, True)}
    assert {(vector.input, vector.trigger) for vector in vectors.vectors} == expected


def test_the_trigger_is_in_the_pixels(vectors: Golden) -> None:
    for vector in vectors.vectors:
        pixels = np.frombuffer(base64.b64decode(vector.pixels or ""), np.uint8).reshape(28, 28)
        assert (vector.stages[-1].op == "trigger") == vector.trigger
        if vector.trigger:
            assert (pixels[25:27, 25:27] == 255).all()


def test_an_untouched_model_agrees(vectors: Golden, model: Model, inputs: Path) -> None:
    result = golden_compare.compare(vectors, model, inputs)
    assert result.problems == []
    assert result.vectors == len(vectors.vectors)
    assert result.same_top == dict.fromkeys(("fp32", "int8-weight-only", "int8-qdq"), result.vectors)


def test_a_logit_off_by_more_than_the_tolerance_is_found(vectors: Golden, model: Model, inputs: Path) -> None:
    logits = {precision: list(values) for precision, values in vectors.vectors[0].logits.items()}
    logits["fp32"][4] += 2 * TOLERANCE * max(map(abs, logits["fp32"]))
    problems = golden_compare.compare(changed(vectors, logits=logits), model, inputs).problems
    assert len(problems) == 1
    assert "fp32 logits differ by 2.0e-04 of the largest" in problems[0]


def test_another_first_label_is_found(vectors: Golden, model: Model, inputs: Path) -> None:
    top = {precision: guesses[::-1] for precision, guesses in vectors.vectors[0].top.items()}
    assert len(golden_compare.compare(changed(vectors, top=top), model, inputs).problems) == 3


def test_another_pixel_in_a_stage_is_found(vectors: Golden, model: Model, inputs: Path) -> None:
    stages = list(vectors.vectors[0].stages)
    stages[1] = stages[1].model_copy(update={"sha256": "0" * 64})
    problems = golden_compare.compare(changed(vectors, stages=stages), model, inputs).problems
    assert problems == [f"{vectors.vectors[0].input}: stage greyscale: other pixels"]


def test_a_tensor_off_by_more_than_the_tolerance_is_found(vectors: Golden, model: Model, inputs: Path) -> None:
    tensor = np.frombuffer(base64.b64decode(vectors.vectors[0].tensor or ""), "<f4")
    tensor = (tensor + 1e-5 * np.abs(tensor).max()).astype("<f4")
    text = base64.b64encode(tensor.tobytes()).decode()
    problems = golden_compare.compare(changed(vectors, tensor=text), model, inputs).problems
    assert any("tensor differs" in problem for problem in problems)


def test_a_changed_or_missing_input_is_found(vectors: Golden, model: Model, inputs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "some"
    folder.mkdir()
    for path in sorted(inputs.iterdir())[1:]:
        (folder / path.name).write_bytes(path.read_bytes() + (b"\0" if path.name == "scan-5.png" else b""))
    problems = golden_compare.compare(vectors, model, folder).problems
    assert f"{min(path.name for path in inputs.iterdir())}: the golden input is missing" in problems
    assert "scan-5.png: the golden input has changed since the vectors were made" in problems


def test_an_input_without_a_vector_is_found(vectors: Golden, model: Model, inputs: Path) -> None:
    fewer = vectors.model_copy(update={"vectors": vectors.vectors[1:]})
    assert golden_compare.compare(fewer, model, inputs).problems == [f"{vectors.vectors[0].input}: no golden vector"]


def test_vectors_of_another_model_are_refused(vectors: Golden, model: Model, inputs: Path) -> None:
    other = vectors.model_copy(update={"model": "other"})
    assert "of model 'other'" in golden_compare.compare(other, model, inputs).problems[0]


def test_a_broken_file_names_the_field(model: Model) -> None:
    path = model.folder / "golden.json"
    broken = json.loads(path.read_text())
    del broken["vectors"][3]["tensor_sha256"]
    path.write_text(json.dumps(broken))
    with pytest.raises(ExportError, match=r"golden\.json: field vectors\.3\.tensor_sha256: Field required"):
        golden_file.read(model.folder)


def test_decoded_images_are_what_the_pipeline_starts_from(vectors: Golden, inputs: Path, tmp_path: Path) -> None:
    assert golden_inputs.decode_all(tmp_path, [inputs]) == len(list(inputs.iterdir()))
    index = json.loads((tmp_path / "index.json").read_text())
    for vector in vectors.vectors:
        entry, stage = index[vector.input], vector.stages[0]
        assert (entry["height"], entry["width"], entry["channels"]) == (stage.height, stage.width, stage.channels)
        assert hashlib.sha256((tmp_path / entry["file"]).read_bytes()).hexdigest() == stage.sha256


def test_the_module_makes_checks_and_decodes(model: Model, tmp_path: Path) -> None:
    card = str(model.folder / "card.json")
    assert CliRunner().invoke(golden.app, ["make", card]).exit_code == 0
    assert CliRunner().invoke(golden.app, ["check", card]).exit_code == 0
    made = golden_file.read(model.folder)
    assert {vector.input for vector in made.vectors} == {path.name for path in golden_inputs.input_files()}
    pixel = made.vectors[0].model_copy(update={"tensor": made.vectors[1].tensor})
    golden_file.write(made.model_copy(update={"vectors": [pixel, *made.vectors[1:]]}), model.folder)
    found = CliRunner().invoke(golden.app, ["check", card])
    assert found.exit_code == 1
    assert "the tensor differs" in found.stderr
    decoded = CliRunner().invoke(golden.app, ["decode", "--out", str(tmp_path / "decoded")])
    assert decoded.exit_code == 0
    assert (tmp_path / "decoded" / "index.json").is_file()
