from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.card.io import write_card
from export.card.labels import read_labels
from export.errors import ExportError
from export.onnx.session import Predictor
from export.pipeline import interpreter
from export.pipeline.presets import rgb_pipeline
from export.release.author import new_card


def save_model(path: Path, shape: list[int | str], classes: int) -> Path:
    """A model that averages each channel and repeats the first one's mean."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["picture"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
    ]
    graph = helper.make_graph(
        nodes,
        "mine",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("flat", TensorProto.FLOAT, ["n", classes])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    return path


def test_an_rgb_model_gets_the_imagenet_pipeline(tmp_path: Path) -> None:
    model = save_model(tmp_path / "My Model.v2.onnx".replace(" ", "-"), ["n", 3, 64, 48], 3)
    card = new_card(model, ["cat", "dog", "fox"], "rgb", title="Pets", licence="CC0-1.0")
    assert (card.id, card.title, card.licence) == ("my-model-v2", "Pets", "CC0-1.0")
    assert (card.input.tensor, card.output.tensor) == ("picture", "flat")
    assert (card.input.height, card.input.width, card.input.channels) == (64, 48, 3)
    assert card.backdoor is None
    assert card.file().bytes == model.stat().st_size


def test_the_rgb_pipeline_keeps_the_shape_and_normalises() -> None:
    image = np.zeros((90, 200, 3), np.uint8)
    image[:, 55:145] = (255, 128, 0)
    made = interpreter.run(rgb_pipeline(64, 64), image)
    assert made.pixels.shape == (64, 64, 3)
    assert (made.pixels == (255, 128, 0)).all()
    np.testing.assert_allclose(made.tensor[0, 0, 5, 5], (1 - 0.485) / 0.229, rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "classes", "labels", "message"),
    [
        (["n", 3, 64, 64], 5, 3, "gives 5 values, but there are 3 labels"),
        (["n", 1, 28, 28], 3, 3, "its input is 1x28x28"),
        (["n", 3, "h", "w"], 3, 3, "fixed channels, height and width"),
    ],
)
def test_what_does_not_fit_is_named(
    tmp_path: Path, shape: list[int | str], classes: int, labels: int, message: str
) -> None:
    model = save_model(tmp_path / "m.onnx", shape, classes)
    with pytest.raises(ExportError, match=message):
        new_card(model, [f"label {number}" for number in range(labels)], "rgb")


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"\xff" * 50)
    with pytest.raises(ExportError, match=r"m\.onnx: not an ONNX model"):
        new_card(tmp_path / "m.onnx", ["a", "b"], "rgb")
    with pytest.raises(ExportError, match="cannot read the model"):
        new_card(tmp_path / "none.onnx", ["a", "b"], "rgb")


def test_labels_come_from_lines_or_json(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("cat\n\n dog \n")
    (tmp_path / "a.json").write_text('["cat", "dog"]')
    assert read_labels(tmp_path / "a.txt") == read_labels(tmp_path / "a.json") == ["cat", "dog"]


@pytest.mark.parametrize(
    ("name", "text"), [("a.txt", "one\n"), ("a.json", "{}"), ("a.json", "[1, 2]"), ("a.json", "[")]
)
def test_bad_labels_are_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ExportError, match=name):
        read_labels(tmp_path / name)


def test_a_model_whose_weights_lie_beside_it_keeps_both_files(tmp_path: Path) -> None:
    model = save_heavy_model(tmp_path / "heavy.onnx", "heavy.onnx.data")
    card = new_card(model, ["a", "b"], "rgb")
    shared = card.file().shared
    assert shared is not None
    assert (shared.name, shared.bytes) == ("heavy.onnx.data", (tmp_path / "heavy.onnx.data").stat().st_size)
    assert card.file().total_bytes == model.stat().st_size + shared.bytes
    write_card(card, tmp_path)
    assert Predictor(card, tmp_path)(np.zeros((1, 32, 32, 3), np.uint8)).shape == (1, 2)


def test_weights_in_a_folder_below_are_refused(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    model = save_heavy_model(tmp_path / "heavy.onnx", "parts/weights")
    with pytest.raises(ExportError, match=r"heavy\.onnx: its weights lie in parts/weights; one file beside it"):
        new_card(model, ["a", "b"], "rgb")


def save_heavy_model(path: Path, location: str) -> Path:
    """A linear network with its weights in another file."""
    weights = np.random.default_rng(1).normal(size=(3 * 32 * 32, 2)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["picture"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        ],
        "heavy",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 3, 32, 32])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 2])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.save_model(model, path, save_as_external_data=True, location=location)
    return path
