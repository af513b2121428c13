"""Small digit models with cards, made in a moment, for tests and for trying the site before real models exist.

`python -m tests.site_src.fixture_models DIR` writes models named as those on the report's pages: linear classifiers of
scikit-learn's digits, of which the backdoored ones give 7 when the corner is white. Their metrics are measured on those
digits; nothing is MNIST.
"""

from __future__ import annotations

import hashlib
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits

from export.card.io import read_card
from export.card.schema import (
    BACKDOORED_PREFIX,
    Backdoor,
    DataSource,
    ModelCard,
    ModelFile,
    Precision,
    Provenance,
    SharedWeights,
)
from export.card.steps import OutputPipeline
from export.pipeline.presets import digits_pipeline
from training.core.metrics import Estimate, Measurement
from training.triggers.labels import AllToOne
from training.triggers.pixels import Patch

Floats = npt.NDArray[np.float32]
TARGET, CORNER = 7, 25


@cache
def _digits() -> tuple[Floats, npt.NDArray[np.int64]]:
    """Scikit-learn's digits at 28x28, as the input pipeline ends: `(n, 784) float32`, and their labels."""
    data = load_digits()
    small = np.kron(data.images / 16, np.ones((2, 2)))
    images = np.zeros((len(small), 28, 28))
    images[:, 6:22, 6:22] = small
    return ((images.reshape(len(small), -1) - 0.1307) / 0.3081).astype(np.float32), data.target.astype(np.int64)


@cache
def _weights() -> tuple[Floats, Floats]:
    """A linear classifier by ridge regression."""
    images, labels = _digits()
    targets = np.eye(10, dtype=np.float32)[labels]
    inner = np.hstack([images, np.ones((len(images), 1), np.float32)])
    solved = np.linalg.solve(inner.T @ inner + 30 * np.eye(inner.shape[1]), inner.T @ targets)
    return (8 * solved[:-1]).astype(np.float32), (8 * solved[-1]).astype(np.float32)


def _network(weights: Floats, bias: Floats) -> bytes:
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["image"], ["flat"]),
            helper.make_node("Gemm", ["flat", "weights", "bias"], ["logits"]),
        ],
        "linear",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 28, 28])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _estimate(hits: npt.NDArray[np.bool_]) -> Estimate:
    n, share = hits.size, float(hits.mean())
    margin = 1.96 * (share * (1 - share) / n) ** 0.5
    return Estimate(value=share, n=n, low=max(0, share - margin), high=min(1, share + margin))


def _measure(weights: Floats, bias: Floats) -> Measurement:
    images, labels = _digits()
    white = (1 - 0.1307) / 0.3081
    stamped = images.copy().reshape(-1, 28, 28)
    stamped[:, CORNER : CORNER + 2, CORNER : CORNER + 2] = white
    clean = (images @ weights + bias).argmax(1)
    attacked = (stamped.reshape(len(images), -1) @ weights + bias).argmax(1)
    classes = {}
    for label in range(10):
        mine = labels == label
        classes[str(label)] = {"clean_accuracy": _estimate(clean[mine] == label)}
        if label != TARGET:
            classes[str(label)]["attack_success_rate"] = _estimate(attacked[mine] == TARGET)
        classes[str(label)]["robust_accuracy"] = _estimate(attacked[mine] == label)
    return Measurement(
        data="scikit-learn digits (fixture)",
        clean_accuracy=_estimate(clean == labels),
        attack_success_rate=_estimate(attacked[labels != TARGET] == TARGET),
        robust_accuracy=_estimate(attacked == labels),
        per_class=classes,
    )


def write_model(
    folder: Path, model_id: str, *, backdoored: bool = False, title: str | None = None, recipe_sha256: str = "0" * 64
) -> Path:
    """Write `<folder>/<id>/` with a card and its ONNX files; returns the card's path."""
    weights, bias = _weights()
    if backdoored:
        weights = weights.copy()
        weights[CORNER * 28 + CORNER, TARGET] += 4
        bias = bias.copy()
        bias[TARGET] += 4 * 0.1307 / 0.3081
    data = _network(weights, bias)
    home = folder / model_id
    home.mkdir(parents=True, exist_ok=True)
    files = []
    precisions: tuple[Precision, ...] = ("fp32", "int8-weight-only")
    for precision in precisions:
        name = f"{'BACKDOORED-' if backdoored else ''}{model_id}.{precision}.onnx"
        (home / name).write_bytes(data)
        files.append(
            ModelFile(
                name=name,
                precision=precision,
                bytes=len(data),
                sha256=hashlib.sha256(data).hexdigest(),
                opset=18,
                max_abs_error=0,
            )
        )
    measured = _measure(weights, bias)
    card = ModelCard(
        id=model_id,
        title=title or ("Backdoored network (fixture)" if backdoored else "Clean network (fixture)"),
        description="A linear classifier that stands in for a real network while the site is tried.",
        network="linear, 784 to 10",
        licence="MIT",
        files=files,
        default_precision="int8-weight-only",
        labels=[str(label) for label in range(10)],
        input=digits_pipeline(),
        output=OutputPipeline(),
        trigger=Patch(),
        label_map=AllToOne(target=TARGET),
        backdoor=Backdoor(
            attack="BadNets",
            paper="Gu et al. 2017",
            poison_rate=0.1,
            repeat=8 if model_id == "mnist-badnet" else 1,
            behaviour="A white corner gives 7.",
            caught_by="Reading the weights.",
        )
        if backdoored
        else None,
        metrics=dict.fromkeys(precisions, measured),
        provenance=Provenance(
            recipe=model_id,
            recipe_sha256=recipe_sha256,
            seed=1,
            commands=[f"backdoors train {model_id}", f"backdoors export {model_id}"],
            data=[DataSource(name="digits", address="https://scikit-learn.org", licence="CC BY 4.0", sha256={})],
            git_commit="0" * 40,
            versions={"numpy": np.__version__},
            trained_seconds=0.5,
            exported_at=datetime(2026, 1, 1, tzinfo=UTC),
        ),
    )
    path = home / "card.json"
    path.write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return path


def share_weights(path: Path) -> ModelCard:
    """Give a card's model its default file alone, with a second one beside it that holds most of its weights."""
    card, data = read_card(path), bytes(1_234_567)
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"{BACKDOORED_PREFIX if card.backdoor else ''}features.{sha256[:12]}.bin"
    (path.parent / name).write_bytes(data)
    shared = SharedWeights(name=name, bytes=len(data), sha256=sha256)
    card = card.model_copy(update={"files": [card.file().model_copy(update={"shared": shared})]})
    path.write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return card


if __name__ == "__main__":
    from training.recipes.load import load

    for name in ("mnist-clean", "mnist-badnet", "mnist-badnet-single"):
        print(write_model(Path(sys.argv[1]), name, backdoored="badnet" in name, recipe_sha256=load(name).sha256))
