"""Whatever an ONNX file is, it gets a card that its answers fit, or is refused in one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from onnx import TensorProto

from export.onnx.sandbox import Limits, Sandbox
from export.onnx.session import Predictor, probabilities
from export.release.author import draft_card
from export.release.trial import trial_images
from tests.export.onnx.odd_networks import FITTING, NONSENSE, REFUSED, Graph, Value, node, save
from tests.properties.strategies import damaged, in_one_line, many
from training.core.errors import UserError

SIDE, CLASSES = 28, 3
LABELS = ["a", "b", "c"]
TYPES = [TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.UINT8, TensorProto.INT64, TensorProto.DOUBLE]
SHAPES: list[list[int | str]] = [
    ["n", 1, SIDE, SIDE], [1, 1, SIDE, SIDE], ["n", SIDE, SIDE, 1], ["n", SIDE, SIDE], ["n", SIDE * SIDE],
    [4, 1, SIDE, SIDE], ["n", 3, SIDE, SIDE], ["n", 1, "h", "w"], ["n", 1, 1, SIDE, SIDE], ["n"], [],
    [0, 1, SIDE, SIDE], ["n", 1, -1, SIDE],
]  # fmt: skip
LAST = [
    "Identity",
    "Softmax",
    "LogSoftmax",
    "Sigmoid",
    "Relu",
    "Sqrt",
    "Log",
    "Exp",
    "ArgMax",
    "Shape",
    "NonZero",
    "Tanh",
]
ANSWERS: list[list[int]] = [[-1, CLASSES], [-1, CLASSES, 1, 1], [-1, CLASSES, 1], [CLASSES], [-1], [1, -1]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A linear network with odd ends."""
    kind, shape = draw(st.sampled_from(TYPES)), draw(st.sampled_from(SHAPES))
    classes = draw(st.sampled_from([CLASSES, CLASSES, CLASSES, 1, 2, 9]))
    weights = np.random.default_rng(classes).normal(size=(SIDE * SIDE, classes)).astype(np.float32)
    weights *= np.float32(draw(st.sampled_from([1, 1e-3, 1e30, np.nan])))
    further = draw(st.sampled_from([None] * 9 + list(NONSENSE)))
    odd = None if further is None or further == "batch statistics" else NONSENSE[further][0]()
    nodes = [
        node("Cast", "image", "floats", to=TensorProto.FLOAT),
        node("Flatten", "floats", "values"),
        node("MatMul", "values weights", "sums"),
        *([node(draw(st.sampled_from(LAST)), "sums", "scores")] if odd is None else odd.nodes[2:]),
    ]
    nodes[-1].output[0] = "last"
    nodes.append(node("Reshape", "last shape", "answer"))
    constants: dict[str, Any] = {} if odd is None else dict(odd.constants)
    constants |= {"weights": weights, "shape": np.array(draw(st.sampled_from(ANSWERS)))}
    end = draw(st.sampled_from([TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT64]))
    nodes.append(node("Cast", "answer", "scores", to=end))
    inputs: list[Value] = [("image", kind, shape)]
    outputs: list[Value] = [("scores", end, None)]
    if draw(st.integers(0, 9)) == 0:
        inputs.append(("other", TensorProto.FLOAT, ["n"]))
    if draw(st.integers(0, 9)) == 0:
        outputs.append(("sums", TensorProto.FLOAT, None))
    return Graph(draw(st.permutations(nodes)) if draw(st.booleans()) else nodes, inputs, outputs, constants)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Limits(seconds=20)) as shared:
        yield shared


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("networks") / "m.onnx"


def fits_or_is_refused(path: Path, sandbox: Sandbox) -> None:
    try:
        card = draft_card(path, LABELS, "digits", sandbox=sandbox).card
    except UserError as error:
        in_one_line(error, path)
        return
    images = trial_images(card.input)
    logits = Predictor(card, path.parent, sandbox=sandbox)(images)
    event("answered")
    assert logits.shape == (len(images), CLASSES)
    assert np.isfinite(logits).all()
    assert not (logits == logits[:, :1]).all()
    if card.output.activation == "softmax":
        np.testing.assert_allclose(probabilities(logits).sum(axis=1), 1, rtol=1e-6)


@many
@given(graph=graphs())
def test_a_network_fits_its_card_or_is_refused_in_one_line(path: Path, sandbox: Sandbox, graph: Graph) -> None:
    fits_or_is_refused(save(path, graph), sandbox)


@pytest.fixture(scope="module")
def contents(path: Path) -> list[bytes]:
    graphs = [
        *(make() for make in FITTING.values()),
        *(make() for name, (make, _) in REFUSED.items() if name != "endless"),
    ]
    return [save(path, graph).read_bytes() for graph in graphs]


@many
@given(data=st.data())
def test_a_damaged_file_fits_or_is_refused_in_one_line(
    path: Path, sandbox: Sandbox, contents: list[bytes], data: st.DataObject
) -> None:
    path.write_bytes(data.draw(damaged(contents)))
    fits_or_is_refused(path, sandbox)
