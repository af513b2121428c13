from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from export.errors import ExportError
from export.onnx.agreement import TOLERANCE, relative_difference
from export.onnx.session import Predictor, open_session, probabilities
from export.release.models import Model
from export.release.predict import predict, top_guesses


def test_threads_and_batches_do_not_change_the_answer(model: Model) -> None:
    images = np.random.default_rng(0).integers(0, 256, (9, 28, 28, 1), dtype=np.uint8)
    together = Predictor(model.card, model.folder, "int8-weight-only", threads=2)(images)
    single = Predictor(model.card, model.folder, "int8-weight-only")
    apart = np.concatenate([single(image[None]) for image in images])
    assert relative_difference(together, apart) <= TOLERANCE
    assert together.dtype == np.float32


def test_probabilities_sum_to_one_and_do_not_overflow() -> None:
    chances = probabilities(np.array([[1e4, 0, -1e4], [1, 1, 1]], np.float32))
    np.testing.assert_allclose(chances, np.array([[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]]))


def test_of_equal_labels_the_lower_index_comes_first() -> None:
    guesses = top_guesses(np.array([0, 2, 2, 1], np.float32), ["a", "b", "c", "d"], 3, "softmax")
    assert [guess.label for guess in guesses] == ["b", "c", "d"]


def test_a_trigger_is_stamped_only_when_asked_for(model: Model) -> None:
    predictor = Predictor(model.card, model.folder)
    blank = np.zeros((28, 28, 3), np.uint8)
    assert predict(predictor, blank).made.pixels.max() == 0
    assert predict(predictor, blank, trigger=True).made.pixels[25:27, 25:27].min() == 255


def test_a_tensor_that_the_card_names_and_the_model_lacks_is_named(model: Model) -> None:
    card = model.card.model_copy(update={"input": model.card.input.model_copy(update={"tensor": "x"})})
    with pytest.raises(ExportError, match="the card's input tensor is 'x'; the model has 'image'"):
        Predictor(card, model.folder)


def test_a_file_that_cannot_be_loaded_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"nothing")
    with pytest.raises(ExportError, match=r"m\.onnx: onnxruntime cannot load it: [^\n]+$"):
        open_session(tmp_path / "m.onnx")
    with pytest.raises(ExportError, match=r"none\.onnx: cannot read the model: No such file"):
        open_session(tmp_path / "none.onnx")
