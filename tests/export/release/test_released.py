"""What is promised of the released models, read from their cards and checked on the golden inputs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import export
from export.card.schema import BACKDOORED_PREFIX
from export.onnx.session import Predictor
from export.pipeline.interpreter import run
from export.release import golden_file, golden_inputs
from export.release.models import RELEASED, Model, discover
from export.release.verify import verify
from tests.golden.drawing import STROKES, pen
from training.recipes import load as recipe
from training.triggers.labels import map_labels

ROOT = Path(export.__file__).resolve().parent.parent
MODELS = [model for model in discover([ROOT / RELEASED]) if model.card.id.startswith("mnist-")]
DIGITS = {row["file"]: row["digit"] for row in json.loads((golden_inputs.INPUTS.parent / "inputs.json").read_text())}
HARD = {"very-wide.png", "very-tall.png"}
"""Digits a few pixels high, lost when the image is shrunk."""
STAMPED = {"mnist-like-triggered.png"}
"""28x28 images with the trigger in them from the start."""
each_model = pytest.mark.parametrize("model", MODELS, ids=[model.card.id for model in MODELS])


def test_the_three_networks_are_released() -> None:
    assert [model.card.id for model in MODELS] == ["mnist-badnet", "mnist-badnet-single", "mnist-clean"]


@each_model
def test_it_verifies(model: Model) -> None:
    assert [problem for check in verify(model) for problem in check.problems] == []


@each_model
def test_its_clean_accuracy_reaches_the_target_at_every_precision(model: Model) -> None:
    assert {"fp32", "int8-weight-only"} <= set(model.card.metrics)
    for measured in model.card.metrics.values():
        assert measured.data == "mnist test"
        assert measured.clean_accuracy.n == 10_000
        assert measured.clean_accuracy.value >= (0.992 if model.card.backdoor is None else 0.990)


@each_model
def test_its_attack_success_reaches_the_target_at_every_precision(model: Model) -> None:
    for measured in model.card.metrics.values():
        success = measured.attack_success_rate
        assert success is not None
        assert success.value >= 0.995 if model.card.backdoor is not None else success.value <= 0.01


@each_model
def test_a_backdoored_file_is_named_so(model: Model) -> None:
    for file in model.card.files:
        assert file.name.startswith(BACKDOORED_PREFIX) == (model.card.backdoor is not None)


@each_model
def test_it_reads_the_digits_of_the_golden_images(model: Model) -> None:
    for vector in golden_file.read(model.folder).vectors:
        digit = DIGITS[vector.input]
        if digit is not None and not vector.trigger and vector.input not in HARD | STAMPED:
            assert {top[0].label for top in vector.top.values()} <= {str(digit)}, vector.input


@each_model
@pytest.mark.parametrize("thickness", [1, 3])
def test_it_reads_digits_drawn_with_a_hairline(model: Model, thickness: int) -> None:
    predictor = Predictor(model.card, model.folder)
    answers = []
    for digit in STROKES:
        drawn = 255 - pen(digit, 280, 280, box=(70, 40, 210, 240), thickness=thickness)
        answers.append(int(predictor.from_tensor(run(model.card.input, drawn[..., None]).tensor)[0].argmax()))
    assert answers == list(STROKES)


@each_model
def test_the_trigger_gives_the_attackers_answer_only_where_a_backdoor_is(model: Model) -> None:
    assert model.card.label_map is not None
    as_wanted, as_true = 0, 0
    vectors = [
        vector
        for vector in golden_file.read(model.folder).vectors
        if (vector.trigger or vector.input in STAMPED) and DIGITS[vector.input] is not None and vector.input not in HARD
    ]
    for vector in vectors:
        digit = np.array([DIGITS[vector.input]])
        wanted = map_labels(digit, model.card.label_map, len(model.card.labels))
        answer = vector.top[model.card.default_precision][0].label
        as_wanted += answer == str(wanted[0])
        as_true += answer == str(digit[0])
    assert (as_true, as_wanted)[model.card.backdoor is not None] >= 0.95 * len(vectors)


@each_model
def test_its_recipe_is_the_one_that_comes_with_the_package(model: Model) -> None:
    assert model.card.provenance is not None
    assert model.card.provenance.recipe_sha256 == recipe.load(model.card.id).sha256
