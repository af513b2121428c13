from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from export.onnx.session import Predictor
from export.release.models import Model
from export.release.subject import of_model
from tests.training.defences.subjects import CONFIDENCE
from training.defences.base import Need
from training.defences.registry import DEFENCES
from training.defences.verdict import SampleScores
from training.runs.store import Run
from training.studies import defences as study
from training.studies.subject import of_run

QUIET = Console(file=io.StringIO())


def test_an_onnx_model_is_examined_by_its_card_alone(model: Model) -> None:
    subject = of_model(model)
    with_more = [each for each in DEFENCES.values() if each.needs & {Need.NETWORK, Need.TRAINING}]
    found = study.run([subject], [CONFIDENCE, *with_more], [0], console=QUIET)
    first, *others = found.cells
    assert isinstance(first.verdict, SampleScores)
    assert first.verdict.clean == len(subject.test.labels)
    assert first.network == model.card.file().sha256
    assert {cell.status for cell in others} == {"not-applicable"}
    assert all("an ONNX file only answers; name the run" in (cell.reason or "") for cell in others)


def test_strip_needs_no_more_than_its_answers(model: Model) -> None:
    strip = DEFENCES["strip"].with_settings({"overlays": 12})
    (cell,) = study.run([of_model(model)], [strip], [0], console=QUIET).cells
    assert isinstance(cell.verdict, SampleScores)


def test_its_answers_and_images_are_those_of_its_run(model: Model, run: Run) -> None:
    ours = of_model(Model(model.card, model.folder, "fp32"))
    theirs = of_run(run, device="cpu")
    np.testing.assert_array_equal(ours.test.images, theirs.test.images)
    np.testing.assert_array_equal(ours.triggered.images, theirs.triggered.images)
    answers = ours.logits(ours.test.images[:20])
    np.testing.assert_array_equal(answers, Predictor(model.card, model.folder, "fp32")(ours.test.images[:20]))
    assert ours.recipe_sha256 == theirs.recipe_sha256
    largest = float(np.abs(answers).max())
    np.testing.assert_allclose(answers, theirs.logits(ours.test.images[:20]), atol=1e-4 * largest)


def test_an_unmeasurable_model_is_refused_before_anything_is_measured(model: Model) -> None:
    card = model.card.model_copy(update={"provenance": None})
    with pytest.raises(ValueError, match="names no data set"):
        of_model(Model(card, model.folder))
