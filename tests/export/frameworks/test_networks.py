"""Networks that other frameworks exported answer, with the card of `card new`, what their framework answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from export.errors import ExportError
from export.onnx.session import Predictor
from export.release.author import draft_card
from tests.export.frameworks.networks import HERE, LABELS, WHITE, vectors, write


@pytest.mark.parametrize("name", WHITE)
def test_they_answer_as_in_their_framework(name: str, tmp_path: Path) -> None:
    card, expected = write(name, tmp_path), vectors(name)
    answers = Predictor(card, tmp_path)(expected.images)
    assert card.output.activation == "none"
    assert (answers.argmax(1) == expected.labels).mean() > 0.85
    np.testing.assert_allclose(answers, expected.answers, atol=1e-5)


def test_answers_as_maps_are_refused_by_name(tmp_path: Path) -> None:
    model = onnx.load(HERE / "scikit-learn.onnx")  # skl2onnx and onnxmltools add this unless told zipmap=False
    zipmap = helper.make_node("ZipMap", ["probabilities"], ["maps"], domain="ai.onnx.ml", classlabels_int64s=range(10))
    model.graph.node.append(zipmap)
    maps = helper.make_sequence_type_proto(helper.make_map_type_proto(7, helper.make_tensor_type_proto(1, [])))
    model.graph.output[1].CopyFrom(helper.make_value_info("maps", maps))
    onnx.save(model, tmp_path / "maps.onnx")
    with pytest.raises(ExportError, match=r"'maps' seq\(map.*zipmap=False"):
        draft_card(tmp_path / "maps.onnx", LABELS, "digits")
