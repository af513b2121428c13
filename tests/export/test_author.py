from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from export import preprocess
from export.author import new_card, read_labels, rgb_pipeline
from export.errors import ExportError


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
    picture = np.zeros((90, 200, 3), np.uint8)
    picture[:, 55:145] = (255, 128, 0)
    made = preprocess.run(rgb_pipeline(64, 64), picture)
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
