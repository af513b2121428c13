"""Compare a model's answers with its golden vectors."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from export.card import schema as cards
from export.onnx.agreement import TOLERANCE, relative_difference
from export.onnx.session import Predictor
from export.release import golden_inputs
from export.release.golden_file import Golden, StageHash, Vector
from export.release.golden_vectors import vector_of
from export.release.models import Model

Predictors = dict[cards.Precision, Predictor]
"""A model's files, open."""
TENSOR_TOLERANCE = 1e-6
"""Largest difference of an input tensor's value, relative to the largest: a few float32 roundings."""


@dataclass
class Comparison:
    """How a model's answers now compare with its golden vectors."""

    vectors: int = 0
    stages: int = 0
    """Uint8 stages compared, all to the bit."""
    tensor_error: float = 0.0
    """Largest difference of a tensor's value, relative to the largest value of its tensor."""
    logit_error: dict[str, float] = field(default_factory=dict)
    """Precision -> largest difference of a logit, relative to the largest logit of its vector."""
    same_top: dict[str, int] = field(default_factory=dict)
    """Precision -> vectors with the same likeliest label."""
    problems: list[str] = field(default_factory=list)


def compare(
    golden: Golden, model: Model, folder: Path | None = None, predictors: Predictors | None = None
) -> Comparison:
    """Run a model's golden inputs (default: those that suit it) again and compare.

    Uint8 stages must be the same to the bit, the tensor within `TENSOR_TOLERANCE` and the logits within `TOLERANCE` of
    their largest value, the likeliest label the same.

    Args:
        golden: What it answered.
        model: The model.
        folder: Of the golden inputs.
        predictors: Its files, where they are open already.
    """
    result = Comparison()
    if golden.model != model.card.id:
        result.problems.append(f"the golden vectors are of model '{golden.model}', the card is of '{model.card.id}'")
        return result
    predictors = predictors or {
        file.precision: Predictor(model.card, model.folder, file.precision) for file in model.card.files
    }
    files = {path.name: path for path in golden_inputs.input_files(folder or golden_inputs.inputs_of(model.card.input))}
    covered = {(vector.input, vector.trigger) for vector in golden.vectors}
    for name in files:
        for trigger in [False] if model.card.trigger is None else [False, True]:
            if (name, trigger) not in covered:
                result.problems.append(f"{name}{' with trigger' if trigger else ''}: no golden vector")
    for vector in golden.vectors:
        if vector.input not in files:
            result.problems.append(f"{vector.input}: the golden input is missing")
            continue
        found = vector_of(model.card, predictors, files[vector.input], vector.trigger, vector.placement)
        _compare_one(vector, found, result)
    return result


def _compare_one(expected: Vector, found: Vector, result: Comparison) -> None:
    name = f"{expected.input}{' with trigger' if expected.trigger else ''}"
    result.vectors += 1
    if expected.sha256 != found.sha256:
        result.problems.append(f"{name}: the golden input has changed since the vectors were made")
        return
    result.stages += len(expected.stages)
    if expected.stages != found.stages or expected.pixels != found.pixels:
        result.problems.append(f"{name}: {_first_difference(expected.stages, found.stages)}")
    error = _tensor_error(expected, found)
    result.tensor_error = max(result.tensor_error, error)
    if not error <= TENSOR_TOLERANCE:
        result.problems.append(
            f"{name}: the tensor differs by {error:.1e} of its largest value; expected at most {TENSOR_TOLERANCE:.0e}"
        )
    if set(expected.logits) != set(found.logits):
        result.problems.append(
            f"{name}: the vectors have {', '.join(expected.logits)}; the card has {', '.join(found.logits)}"
        )
    for precision in expected.logits.keys() & found.logits.keys():
        _compare_answers(name, precision, expected, found, result)


def _compare_answers(
    name: str, precision: cards.Precision, expected: Vector, found: Vector, result: Comparison
) -> None:
    error = relative_difference(found.logits[precision], expected.logits[precision])
    result.logit_error[precision] = max(result.logit_error.get(precision, 0.0), error)
    if not error <= TOLERANCE:
        result.problems.append(
            f"{name}: {precision} logits differ by {error:.1e} of the largest one; expected at most {TOLERANCE:.0e}"
        )
    old, new = expected.top[precision][0].label, found.top[precision][0].label
    result.same_top[precision] = result.same_top.get(precision, 0) + (old == new)
    if old != new:
        result.problems.append(f"{name}: {precision} answers '{new}', the golden vector says '{old}'")


def _first_difference(expected: list[StageHash], found: list[StageHash]) -> str:
    for old, new in zip(expected, found, strict=False):
        if old != new:
            before, after = (f"{each.op} {each.height}x{each.width}x{each.channels}" for each in (old, new))
            return f"stage {old.op}: {'other pixels' if before == after else f'{before} became {after}'}"
    return f"{len(expected)} stages became {len(found)}" if len(expected) != len(found) else "other final pixels"


def _tensor_error(expected: Vector, found: Vector) -> float:
    """Largest relative difference of a value; without the values themselves, infinite as soon as the hashes differ."""
    if expected.tensor is None or found.tensor is None:
        return 0.0 if expected.tensor_sha256 == found.tensor_sha256 else float("inf")
    return relative_difference(_floats(found.tensor), _floats(expected.tensor))


def _floats(text: str) -> npt.NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(text), dtype="<f4")
