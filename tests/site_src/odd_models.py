"""Small networks that a stranger may have made, with cards: written to `DIR/odd/<kind>/` for the widgets' tests.

All take 8x8 grey images and name three classes, unless the kind says otherwise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper
from PIL import Image

from export.card.schema import ModelCard, ModelFile
from export.card.steps import (
    Composite,
    Decode,
    Greyscale,
    InputPipeline,
    Layout,
    Orient,
    OutputPipeline,
    Resize,
    Scale,
    Step,
)
from export.errors import ExportError
from export.onnx.session import Predictor
from tests.export.frameworks import networks as frameworks
from tests.export.onnx import odd_networks
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
    """Write one model a kind; and the odd networks of `export`'s tests, with what Python says of an image."""
    for kind, make in KINDS.items():
        _write_model(folder / kind, _network(make()), LABELS, _pipeline(SIDE), OutputPipeline())
    answers = []
    refused = {kind: make for kind, (make, _) in odd_networks.REFUSED.items() if kind not in ELSEWHERE}
    for number, (kind, network) in enumerate((odd_networks.FITTING | refused).items()):
        home = folder / "networks" / str(number)
        home.mkdir(parents=True, exist_ok=True)
        data = odd_networks.save(home / "odd.onnx", network()).read_bytes()
        order: Order = ORDERS.get(kind, "NCHW")
        pipeline = _pipeline(odd_networks.SIDE, order, scaled=kind != "uint8")
        output = OutputPipeline(tensor="scores")
        card = _write_model(home, data, odd_networks.LABELS, pipeline, output)
        asked = {"kind": kind, "folder": home.name, "pixels": PIXELS.ravel().tolist()}
        answers.append(asked | _answer_of(card, home))
    write_text(folder / "networks/answers.json", json.dumps(answers + _of_frameworks(folder / "networks")))


def _of_frameworks(folder: Path) -> list[dict[str, object]]:
    """The networks of other frameworks, each with an image of its own size beside it, as an answer of the others."""
    answers: list[dict[str, object]] = []
    for name in frameworks.WHITE:
        card, asked = frameworks.write(name, folder / name), frameworks.vectors(name)
        (logits,) = Predictor(card, folder / name)(asked.images[:1])
        Image.fromarray(asked.images[0, ..., 0]).save(folder / name / "sample.png")
        answers.append(
            {
                "kind": name,
                "folder": name,
                "pixels": asked.images[0].ravel().tolist(),
                "logits": [float(value) for value in logits],
                "label": asked.labels[0],
            }
        )
    return answers


ELSEWHERE = frozenset({"greedy", "endless"})
"""They would never end here."""
Order = Literal["NCHW", "NHWC", "NHW", "flat"]
ORDERS: dict[str, Order] = {"channels last": "NHWC", "flat": "flat", "without channels": "NHW"}
PIXELS = np.random.default_rng(5).integers(0, 256, (1, odd_networks.SIDE, odd_networks.SIDE, 1), dtype=np.uint8)


def _answer_of(card: ModelCard, folder: Path) -> dict[str, object]:
    """Logits, or why there are none."""
    try:
        (logits,) = Predictor(card, folder)(PIXELS)
    except ExportError as error:
        return {"refused": str(error).removeprefix(f"{folder / 'odd.onnx'}: ")}
    return {"logits": [float(value) for value in logits]}


def _pipeline(side: int, order: Order = "NCHW", *, scaled: bool = True) -> InputPipeline:
    steps: list[Step] = [Decode(), Orient(), Composite(), Greyscale(), Resize(height=side, width=side)]
    steps += [Scale()] if scaled else []
    return InputPipeline(height=side, width=side, channels=1, steps=[*steps, Layout(order=order)])


def _write_model(
    folder: Path, data: bytes, labels: list[str], pipeline: InputPipeline, output: OutputPipeline
) -> ModelCard:
    digest = hashlib.sha256(data).hexdigest()
    file = ModelFile(name="odd.onnx", precision="fp32", bytes=len(data), sha256=digest, opset=18, max_abs_error=0)
    card = ModelCard(
        id=f"odd-{folder.name}",
        title=f"An odd network: {folder.name}",
        description="For tests.",
        network="one matrix",
        licence="MIT",
        files=[file],
        default_precision="fp32",
        labels=labels,
        input=pipeline,
        output=output,
    )
    write_bytes(folder / file.name, data)
    write_text(folder / "card.json", card.model_dump_json(indent=2) + "\n")
    return card


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
