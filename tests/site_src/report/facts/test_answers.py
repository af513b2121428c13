from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.onnx.session import Predictor
from export.release.predict import predict
from site_src.plugin.catalogue import Catalogue
from site_src.report.facts.answers import answer

INPUT = Path("tests/golden/inputs/pad-stroke-3.png")


@pytest.mark.parametrize("stamped", [False, True])
def test_an_answer_is_that_of_the_command_line_with_the_pixels_that_the_network_saw(
    models_dir: Path, *, stamped: bool
) -> None:
    entry = Catalogue([models_dir]).entries["tiny-badnet"]
    card, image = entry.card, INPUT.read_bytes()
    expected = predict(Predictor(card, entry.path.parent, "fp32"), image, trigger=stamped, top=10)
    found = answer(entry, "fp32", image, card.trigger if stamped else None, None)
    by_label = {guess.label: guess.probability for guess in expected.top}
    assert dict(zip(card.labels, found.probabilities, strict=True)) == pytest.approx(by_label)
    with Image.open(io.BytesIO(found.seen)) as seen:
        assert (np.asarray(seen) == expected.made.pixels[:, :, 0]).all()
