"""Small networks that a stranger may have made, with cards: written to `DIR/odd/<kind>/` for the widgets' tests.

All take 8x8 grey images and name three classes, unless the kind says otherwise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from export.card.schema import ModelCard, ModelFile
from export.card.steps import Composite, Decode, Greyscale, InputPipeline, Layout, Orient, OutputPipeline, Resize, Scale
from training.core.files import write_bytes, write_text

SIDE = 8
LABELS = ["low", "middle", "high"]


@dataclass(frozen=True)
class Odd:
    """A graph from `image` to `logits`."""

    nodes: Sequence[NodeProto]
    constants: dict[str, object]


def _plain() -> dict[str, object]:
    weights = np.random.default_rng(3).normal(0, 0.3, (SIDE * SIDE, len(LABELS)))
    return {"weights": weights.astype(np.float32)}


def _answer(source: str = "image") -> list[NodeProto]:
    return [
        helper.make_node("Flatten", [source], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
    ]


def _endless() -> Odd:
    """A loop whose condition always holds."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["again"], ["more"]), helper.make_node("Neg", ["before"], ["after"])],
        "body",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("again", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("more", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", TensorProto.FLOAT, None),
        ],
    )
    loop = helper.make_node("Loop", ["", "yes", "image"], ["looped"], body=body)
    return Odd([loop, *_answer("looped")], {"yes": np.array(True), **_plain()})


def _greedy() -> Odd:
    """Three gigabytes of zeros, which depend on the image so that they are not made when the network is opened."""
    return Odd(
        [
            helper.make_node("ReduceMax", ["image"], ["brightest"], keepdims=0),
            helper.make_node("Mul", ["brightest", "none"], ["nothing"]),
            helper.make_node("Cast", ["nothing"], ["nil"], to=TensorProto.INT64),
            helper.make_node("Add", ["size", "nil"], ["shape"]),
            helper.make_node("ConstantOfShape", ["shape"], ["zeros"]),
            helper.make_node("ReduceMax", ["zeros"], ["zero"], keepdims=0),
            helper.make_node("Add", ["image", "zero"], ["same"]),
            *_answer("same"),
        ],
        {"none": np.zeros(1, np.float32), "size": np.array([750_000_000]), **_plain()},
    )


KINDS: dict[str, Callable[[], Odd]] = {"endless": _endless, "greedy": _greedy}


def write(folder: Path) -> None:
    """Write one model a kind."""
    for kind, make in KINDS.items():
        data = _network(make())
        card = ModelCard(
            id=f"odd-{kind}",
            title=f"An odd network: {kind}",
            description="For tests.",
            network="one matrix",
            licence="MIT",
            files=[
                ModelFile(
                    name="odd.onnx",
                    precision="fp32",
                    bytes=len(data),
                    sha256=hashlib.sha256(data).hexdigest(),
                    opset=18,
                    max_abs_error=0,
                )
            ],
            default_precision="fp32",
            labels=LABELS,
            input=InputPipeline(
                height=SIDE,
                width=SIDE,
                channels=1,
                steps=[
                    Decode(),
                    Orient(),
                    Composite(),
                    Greyscale(),
                    Resize(height=SIDE, width=SIDE),
                    Scale(),
                    Layout(),
                ],
            ),
            output=OutputPipeline(),
        )
        write_bytes(folder / kind / "odd.onnx", data)
        write_text(folder / kind / "card.json", card.model_dump_json(indent=2) + "\n")


def _network(odd: Odd) -> bytes:
    graph = helper.make_graph(
        list(odd.nodes),
        "odd",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(LABELS)])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in odd.constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))
