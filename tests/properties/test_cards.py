"""Whatever a card says, it is read or refused in one line, and what is read makes the tensor that it promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from export.card.io import read_card
from export.onnx.fit import tensor_shape
from export.pipeline import interpreter
from export.pipeline.image import ImageError
from site_src.plugin.catalogue import CatalogueError, read_entry
from tests.properties.strategies import altered, in_one_line, many
from tests.site_src.fixture_models import write_model
from tests.site_src.photo_models import write_photo_model
from training.core.errors import UserError

IMAGE = np.random.default_rng(1).integers(0, 256, (40, 30, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("cards")
    return [write_model(folder, "tiny-badnet", backdoored=True).parent, write_photo_model(folder, backdoored=True)]


@many
@given(data=st.data())
def test_a_card_is_read_or_refused_in_one_line(folders: list[Path], data: st.DataObject) -> None:
    folder = data.draw(st.sampled_from(folders))
    sound: dict[str, Any] = json.loads((folder / "card.json").read_text())
    path = folder / "altered.json"
    path.write_text(json.dumps(data.draw(altered(sound))))
    try:
        card = read_card(path)
    except UserError as error:
        in_one_line(error, path)
        return
    try:
        made = interpreter.run(card.input, IMAGE, card.trigger)
    except ImageError:
        return
    assert made.tensor.shape == (1, *tensor_shape(card.input))
    assert np.isfinite(made.tensor).all()
    try:
        served = read_entry(path).served_files()
    except CatalogueError as error:
        in_one_line(error)
        return
    event("answered")
    assert {Path(name).suffix for name in served} <= {".json", ".onnx", ".bin", ".data", ".weights", ".onnx_data"}
