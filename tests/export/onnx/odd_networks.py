"""Small networks of one odd kind each, over images of one channel and 4x4 pixels, with three classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE, CLASSES = 4, 3
LABELS = ["a", "b", "c"]
FLOAT, HALF, BYTE = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.UINT8

Value = tuple[str, int, list[int | str] | None]


class Graph(NamedTuple):
    nodes: Sequence[onnx.NodeProto]
    inputs: Sequence[Value] = (("image", FLOAT, ["n", 1, SIDE, SIDE]),)
    outputs: Sequence[Value] = (("scores", FLOAT, ["n", CLASSES]),)
    constants: dict[str, Any] = {}  # noqa: RUF012 - read only


def node(kind: str, inputs: str, outputs: str, **attributes: Any) -> onnx.NodeProto:  # noqa: ANN401 - as ONNX takes them
    return helper.make_node(kind, inputs.split(), outputs.split(), **attributes)


WEIGHTS = np.random.default_rng(3).normal(size=(SIDE * SIDE, CLASSES)).astype(np.float32)
FLAT = node("Flatten", "image", "values")
DENSE = [FLAT, node("MatMul", "values weights", "scores")]


def save(path: Path, graph: Graph) -> Path:
    """Write a network; only onnxruntime says whether it is one."""
    inputs, outputs = (
        [helper.make_tensor_value_info(*value) for value in values] for values in (graph.inputs, graph.outputs)
    )
    made = helper.make_graph(
        list(graph.nodes),
        "odd",
        inputs,
        outputs,
        [numpy_helper.from_array(np.asarray(value), name) for name, value in graph.constants.items()],
    )
    path.write_bytes(
        helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10).SerializeToString()
    )
    return path


def dense(last: str = "", kind: int = FLOAT, shape: Sequence[int | str] = ("n", 1, SIDE, SIDE)) -> Graph:
    """A linear network, its last operator and the type of both ends."""
    weights = WEIGHTS.astype(np.float16 if kind == HALF else np.float32)
    nodes = [FLAT, node("MatMul", "values weights", "sums" if last else "scores")]
    nodes += [node(last, "sums", "scores")] if last else []
    return Graph(nodes, [("image", kind, list(shape))], [("scores", kind, [shape[0], CLASSES])], {"weights": weights})


def _bytes() -> Graph:
    nodes = [node("Cast", "image", "floats", to=FLOAT), node("Flatten", "floats", "values"), DENSE[1]]
    return Graph(nodes, [("image", BYTE, ["n", 1, SIDE, SIDE])], constants={"weights": WEIGHTS})


def _reshaped(*shape: int) -> Graph:
    nodes = [FLAT, node("MatMul", "values weights", "sums"), node("Reshape", "sums shape", "scores")]
    return Graph(nodes, outputs=[("scores", FLOAT, [*shape])], constants={"weights": WEIGHTS, "shape": np.array(shape)})


def _endless() -> Graph:
    """Doubles the image for ever; onnxruntime cannot know that, for the condition is computed."""
    body = helper.make_graph(
        [node("Add", "before before", "after"), node("Identity", "go", "still")],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", FLOAT, None),
        ],
    )
    loop = helper.make_node("Loop", ["", "yes", "image"], ["looped"], body=body)
    nodes = [loop, node("Flatten", "looped", "values"), DENSE[1]]
    return Graph(nodes, constants={"weights": WEIGHTS, "yes": np.array(True)})


def greedy(numbers: int) -> Graph:
    """A network that fills memory with that many float32 numbers."""
    nodes = [
        node("ConstantOfShape", "size", "zeros"),
        node("ReduceMax", "zeros", "zero", keepdims=0),
        node("Add", "image zero", "same"),
        node("Flatten", "same", "values"),
        DENSE[1],
    ]
    return Graph(nodes, constants={"weights": WEIGHTS, "size": np.array([numbers])})


FITTING: dict[str, Callable[[], Graph]] = {
    "plain": dense,
    "float16": lambda: dense(kind=HALF),
    "uint8": _bytes,
    "one at a time": lambda: dense(shape=(1, 1, SIDE, SIDE)),
    "1xNx1x1": lambda: _reshaped(-1, CLASSES, 1, 1),
    "channels last": lambda: dense(shape=("n", SIDE, SIDE, 1)),
    "flat": lambda: dense(shape=("n", SIDE * SIDE)),
    "without channels": lambda: dense(shape=("n", SIDE, SIDE)),
    "unsorted": lambda: Graph(DENSE[::-1], constants={"weights": WEIGHTS}),
    "one at a time, silently": lambda: _reshaped(1, -1)._replace(outputs=[("scores", FLOAT, None)]),
}
"""What can be made to work."""
ENDINGS = {"": "softmax", "Softmax": "none", "Sigmoid": "none", "LogSoftmax": "softmax"}
"""Last operator -> the activation that gives probabilities."""
REFUSED: dict[str, tuple[Callable[[], Graph], str]] = {
    "two inputs": (
        lambda: Graph(
            [*DENSE[:1], node("MatMul", "values weights", "sums"), node("Add", "sums other", "scores")],
            [("image", FLOAT, ["n", 1, SIDE, SIDE]), ("other", FLOAT, ["n", CLASSES])],
            constants={"weights": WEIGHTS},
        ),
        r"one input is expected, found 'image' float \[n, 1, 4, 4\], 'other' float",
    ),
    "two outputs": (
        lambda: Graph(
            [*DENSE, node("Softmax", "scores", "sure")],
            outputs=[("sure", FLOAT, ["n", CLASSES]), ("scores", FLOAT, ["n", CLASSES])],
            constants={"weights": WEIGHTS},
        ),
        "one output is expected, found .* name one with --output",
    ),
    "no batch": (lambda: _reshaped(CLASSES), r"values of shape \[3\], but the card has 3 labels"),
    "a scalar": (
        lambda: Graph([node("ReduceSum", "image", "scores", keepdims=0)], outputs=[("scores", FLOAT, [])]),
        r"values of shape \[\]",
    ),
    "fewer outputs": (
        lambda: Graph(DENSE, outputs=[("scores", FLOAT, ["n", 2])], constants={"weights": WEIGHTS[:, :2]}),
        r"values of shape \[1, 2\], but the card has 3 labels",
    ),
    "more outputs": (
        lambda: Graph(
            DENSE, outputs=[("scores", FLOAT, ["n", 6])], constants={"weights": np.hstack([WEIGHTS, WEIGHTS])}
        ),
        r"values of shape \[1, 6\], but the card has 3 labels",
    ),
    "five axes": (lambda: dense(shape=("n", 1, 1, SIDE, SIDE)), "batch x channels x height x width"),
    "eight at a time": (lambda: dense(shape=(8, 1, SIDE, SIDE)), "takes 8 images at a time"),
    "int64": (
        lambda: Graph(
            [node("Cast", "image", "floats", to=FLOAT), node("Flatten", "floats", "values"), DENSE[1]],
            [("image", TensorProto.INT64, ["n", 1, SIDE, SIDE])],
            constants={"weights": WEIGHTS},
        ),
        "its input is 'image' int64 .*; float, float16 or uint8 is expected",
    ),
    "strings": (
        lambda: Graph([node("Identity", "image", "scores")], [("image", TensorProto.STRING, ["n", 1, SIDE, SIDE])],
                      [("scores", TensorProto.STRING, ["n", 1, SIDE, SIDE])]),
        "its input is 'image' string",
    ),
    "not a number": (
        lambda: Graph(
            [FLAT, node("MatMul", "values weights", "sums"), node("Div", "zero zero", "nan"),
             node("Add", "sums nan", "scores")],
            constants={"weights": WEIGHTS, "zero": np.zeros(CLASSES, np.float32)},
        ),
        "its answer holds NaN or infinity",
    ),
    "greedy": (lambda: greedy(6_000_000_000), "onnxruntime cannot (load|run) it"),
    "endless": (_endless, "(no answer|it was not open) after 1 seconds, so it was ended; allow more with --timeout"),
    "another shape than declared": (
        lambda: Graph(DENSE, outputs=[("scores", FLOAT, ["n", 7])], constants={"weights": WEIGHTS}),
        "onnxruntime cannot load it: .*Inferred=3 Declared=7",
    ),
    "no operator of ONNX": (lambda: Graph([node("Conjure", "image", "scores")]), "onnxruntime cannot load it"),
}  # fmt: skip
"""What is refused, and in which words."""


def ending(*nodes: onnx.NodeProto, **constants: object) -> Graph:
    """A linear network whose values `sums` become `scores` by these operators."""
    return Graph([FLAT, node("MatMul", "values weights", "sums"), *nodes], constants={"weights": WEIGHTS, **constants})


NONSENSE: dict[str, tuple[Callable[[], Graph], str]] = {
    "percentages": (
        lambda: ending(
            node("Softmax", "sums", "chances"), node("Mul", "chances hundred", "scores"), hundred=np.float32(100)
        ),
        "its values sum to 100 for each image",
    ),
    "losses": (
        lambda: ending(node("LogSoftmax", "sums", "logarithms"), node("Neg", "logarithms", "scores")),
        "its values are least for the likeliest label",
    ),
    "a softmax over the images": (lambda: ending(node("Softmax", "sums", "scores", axis=0)), "over the wrong axis"),
    "sorted values": (
        lambda: ending(
            node("Softmax", "sums", "chances"), node("TopK", "chances all", "scores places"), all=np.array([CLASSES])
        ),
        "ends in TopK, which sorts the values",
    ),
    "dropout": (
        lambda: ending(
            node("Dropout", "sums half yes", "scores"), half=np.float32(0.5), yes=np.array(True)
        ),
        "answers the same image differently each time",
    ),
    "batch statistics": (
        lambda: Graph(
            [node("BatchNormalization", "image one zero zero one", "same mean variance", training_mode=1),
             node("Flatten", "same", "values"), DENSE[1]],
            constants={"weights": WEIGHTS, "one": np.ones(1, np.float32), "zero": np.zeros(1, np.float32)},
        ),
        "normalises by the images of a batch",
    ),
}  # fmt: skip
"""What gives a number for each label, and says nothing right with it."""
