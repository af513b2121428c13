from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.card.io import write_card
from export.card.labels import read_labels
from export.card.steps import InputPipeline, Resize
from export.errors import ExportError
from export.onnx.sandbox import Limits, Sandbox
from export.onnx.session import Predictor
from export.pipeline import interpreter
from export.pipeline.presets import digits_pipeline, rgb_pipeline
from export.release.author import draft_card
from export.release.models import Model
from export.release.trial import trial_images
from export.release.verify import verify
from tests.export.onnx.odd_networks import (
    DENSE,
    ENDINGS,
    FITTING,
    FLOAT,
    LABELS,
    NONSENSE,
    REFUSED,
    SIDE,
    WEIGHTS,
    Graph,
    Value,
    dense,
    node,
    save,
)


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
    card = draft_card(model, ["cat", "dog", "fox"], "rgb", title="Pets", licence="CC0-1.0").card
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
        (["n", 3, 64, 64], 3, 5, "the card has 5 labels"),
        (["n", 3, 5000, "w"], 3, 3, "takes images of 5000x224; at most 4096 a side"),
        (["n", 3, 4096, 4096], 3, 3, "takes images of 4096x4096; at most 4096 a side and 4,194,304 pixels"),
        (["n", 1, 28, 28], 1, 3, "its input is 1x28x28"),
        (["n", 3, 64, 64, 2], 3, 3, "batch x channels x height x width"),
        ([8, 3, 64, 64], 3, 3, "takes 8 images at a time"),
    ],
)
def test_what_does_not_fit_is_named(
    tmp_path: Path, shape: list[int | str], classes: int, labels: int, message: str
) -> None:
    model = save_model(tmp_path / "m.onnx", shape, classes)
    with pytest.raises(ExportError, match=message):
        draft_card(model, [f"label {number}" for number in range(labels)], "rgb")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Limits(seconds=30)) as shared:
        yield shared


@pytest.fixture(autouse=True)
def _small_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The preset of digits at the size of the odd networks."""
    pipeline = digits_pipeline()
    steps = [step for step in pipeline.steps if step.op not in {"fit", "centre-of-mass"}]
    at = next(index for index, step in enumerate(steps) if step.op == "trigger")
    steps.insert(at, Resize(height=SIDE, width=SIDE))
    small = InputPipeline(height=SIDE, width=SIDE, channels=1, steps=steps)
    monkeypatch.setattr("export.release.author.digits_pipeline", lambda _height, _width: small)


@pytest.mark.parametrize("kind", FITTING)
def test_what_can_be_made_to_work_answers(tmp_path: Path, sandbox: Sandbox, kind: str) -> None:
    drafted = draft_card(save(tmp_path / "m.onnx", FITTING[kind]()), LABELS, "digits", sandbox=sandbox)
    predictor = Predictor(drafted.card, tmp_path, sandbox=sandbox)
    images = trial_images(drafted.card.input)
    values = images.reshape(len(images), -1).astype(np.float64)
    expected = (values if kind == "uint8" else (values / 255 - 0.1307) / 0.3081) @ WEIGHTS
    np.testing.assert_allclose(predictor(images), expected, atol=2e-2 * np.abs(expected).max())
    assert np.array_equal(Predictor(drafted.card, tmp_path)(images), predictor(images))


@pytest.mark.parametrize("last", ENDINGS)
def test_the_activation_is_what_the_graph_leaves_to_do(tmp_path: Path, sandbox: Sandbox, last: str) -> None:
    drafted = draft_card(save(tmp_path / "m.onnx", dense(last)), LABELS, "digits", sandbox=sandbox)
    assert drafted.card.output.activation == ENDINGS[last]
    assert any(f"so the card's activation is '{ENDINGS[last]}'" in found for found in drafted.found)


def test_probabilities_are_known_by_their_values_where_the_graph_does_not_tell(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    graph = dense("Softmax")
    nodes = [*graph.nodes[:-1], node("Softmax", "sums", "chances"), node("Abs", "chances", "scores")]
    drafted = draft_card(save(tmp_path / "m.onnx", graph._replace(nodes=nodes)), LABELS, "digits", sandbox=sandbox)
    assert drafted.card.output.activation == "none"


@pytest.mark.parametrize("kind", NONSENSE)
def test_answers_that_would_mislead_a_reader_are_refused(tmp_path: Path, sandbox: Sandbox, kind: str) -> None:
    graph, message = NONSENSE[kind]
    with pytest.raises(ExportError, match=message):
        draft_card(save(tmp_path / "m.onnx", graph()), LABELS, "digits", sandbox=sandbox)


@pytest.mark.parametrize(("opset", "ir_version", "message"), [(27, 10, "opset 27"), (18, 14, "IR version 14")])
def test_what_only_a_newer_runtime_opens_is_refused(
    tmp_path: Path, sandbox: Sandbox, opset: int, ir_version: int, message: str
) -> None:
    model = onnx.load(save(tmp_path / "m.onnx", dense()))
    model.opset_import[0].version, model.ir_version = opset, ir_version
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ExportError, match=rf"{message}, and browsers read up to"):
        draft_card(tmp_path / "m.onnx", LABELS, "digits", sandbox=sandbox)


def test_a_network_that_does_not_look_is_told_of(tmp_path: Path, sandbox: Sandbox) -> None:
    constant = Graph([node("Identity", "always", "scores")], constants={"always": np.array([[1, 2, 3]], np.float32)})
    drafted = draft_card(save(tmp_path / "m.onnx", constant), LABELS, "digits", sandbox=sandbox)
    assert any("does the network look at the image?" in found for found in drafted.found)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_no_reader_could_use_is_refused_by_name(tmp_path: Path, sandbox: Sandbox, kind: str) -> None:
    graph, message = REFUSED[kind]
    with Sandbox(Limits(seconds=1)) if kind == "endless" else nullcontext(sandbox) as limited:
        with pytest.raises(ExportError, match=message) as caught:
            draft_card(save(tmp_path / "m.onnx", graph()), LABELS, "digits", sandbox=limited)
        assert "\n" not in str(caught.value)


def test_one_of_several_outputs_can_be_named(tmp_path: Path, sandbox: Sandbox) -> None:
    model = save(tmp_path / "m.onnx", REFUSED["two outputs"][0]())
    assert draft_card(model, LABELS, "digits", output="scores", sandbox=sandbox).card.output.tensor == "scores"
    with pytest.raises(ExportError, match=r"it has no output 'score', but .*; name one with --output"):
        draft_card(model, LABELS, "digits", output="score", sandbox=sandbox)


def test_the_only_output_of_floats_for_all_labels_is_taken(tmp_path: Path, sandbox: Sandbox) -> None:
    label: Value = ("label", TensorProto.INT64, ["n", 1])
    graph = Graph(
        [*DENSE, node("ArgMax", "scores", "label", axis=1)],
        outputs=[label, ("values", FLOAT, ["n", SIDE * SIDE]), ("scores", FLOAT, ["n", 3])],
        constants={"weights": WEIGHTS},
    )
    assert (
        draft_card(save(tmp_path / "m.onnx", graph), LABELS, "digits", sandbox=sandbox).card.output.tensor == "scores"
    )


@pytest.mark.parametrize(("white", "seen"), [(None, (1 - 0.1307) / 0.3081), (1.0, 1), (16.0, 16), (255.0, 255)])
def test_white_is_what_the_network_was_trained_on(
    tmp_path: Path, sandbox: Sandbox, white: float | None, seen: float
) -> None:
    model = save(tmp_path / "m.onnx", FITTING["plain"]())
    card = draft_card(model, LABELS, "digits", white=white, sandbox=sandbox).card
    image = np.full((SIDE, SIDE, 1), 255, np.uint8)
    np.testing.assert_allclose(interpreter.batch_tensor(card.input, image[None]), seen, rtol=1e-6)


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"\xff" * 50)
    with pytest.raises(ExportError, match=r"m\.onnx: not an ONNX model"):
        draft_card(tmp_path / "m.onnx", ["a", "b"], "rgb")
    with pytest.raises(ExportError, match="cannot read the model"):
        draft_card(tmp_path / "none.onnx", ["a", "b"], "rgb")


@pytest.mark.parametrize("name", ["my model.onnx", "m.ONNX", "mé.onnx", ".onnx", "x" * 210 + ".onnx"])
def test_a_name_that_no_site_serves_is_refused_by_what_to_do(tmp_path: Path, sandbox: Sandbox, name: str) -> None:
    with pytest.raises(ExportError, match=r"ends in \.onnx: rename the file"):
        draft_card(save(tmp_path / name, FITTING["plain"]()), LABELS, "digits", sandbox=sandbox)


def test_labels_come_from_lines_or_json(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("cat\n\n dog \n", encoding="utf-8-sig")  # with a byte order mark
    (tmp_path / "a.json").write_text('["cat", "dog"]')
    assert read_labels(tmp_path / "a.txt") == read_labels(tmp_path / "a.json") == ["cat", "dog"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "one\n"), ("a.json", "{}"), ("a.json", "[1, 2]"), ("a.json", "["),
        ("a.txt", "\ufeffone\n\ufefftwo\n\ufeffthree"),  # files that were joined
        ("a.txt", "0\x00\n\x001\x00\n"),  # UTF-16, two bytes a letter
        ("a.json", '["one", "\\ud800"]'),
    ],
)  # fmt: skip
def test_bad_labels_are_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ExportError, match=name):
        read_labels(tmp_path / name)


def test_a_model_whose_weights_lie_beside_it_keeps_both_files(tmp_path: Path) -> None:
    model = save_heavy_model(tmp_path / "heavy.onnx", "heavy.onnx.data")
    card = draft_card(model, ["a", "b"], "rgb").card
    shared = card.file().shared
    assert shared is not None
    assert (shared.name, shared.bytes) == ("heavy.onnx.data", (tmp_path / "heavy.onnx.data").stat().st_size)
    assert card.file().total_bytes == model.stat().st_size + shared.bytes
    write_card(card, tmp_path)
    assert Predictor(card, tmp_path)(np.zeros((1, 32, 32, 3), np.uint8)).shape == (1, 2)


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_weights_that_a_link_names_get_a_card_that_is_verified(
    tmp_path: Path, sandbox: Sandbox, link: Callable[[Path, Path], None]
) -> None:
    folder = tmp_path / "heavy"
    folder.mkdir()
    model = save_heavy_model(folder / "heavy.onnx", "heavy.data")
    (folder / "heavy.data").rename(folder / "kept")
    link(folder / "kept", folder / "heavy.data")
    card = draft_card(model, ["a", "b"], "rgb", sandbox=sandbox).card
    assert [check.problems for check in verify(Model(card, folder), sandbox=sandbox) if check.problems] == []


def test_weights_in_a_folder_below_are_refused(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    model = save_heavy_model(tmp_path / "heavy.onnx", "parts/weights")
    with pytest.raises(ExportError, match=r"heavy\.onnx: its weights lie in parts/weights; one file beside it"):
        draft_card(model, ["a", "b"], "rgb")


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
