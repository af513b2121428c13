from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from training.data import registry as sources
from training.data.base import DataError
from training.data.dogs import IMAGENET
from training.data.weights import FILE
from training.engine.batches import Normaliser, to_tensor
from training.engine.inference import frozen
from training.models import imagenet

DATA = os.environ.get("BACKDOORS_DATA")
with_weights = pytest.mark.skipif(
    not DATA or not (Path(DATA) / FILE).is_file(),
    reason="the ImageNet weights are not at hand (BACKDOORS_DATA)",
)


@with_weights
def test_untrained_it_knows_the_dogs() -> None:
    network, dogs = frozen(imagenet.load()), sources.load("stanford-dogs", "test")
    some = slice(None, None, 10)
    inputs = Normaliser((0.5,) * 3, (0.5,) * 3)(to_tensor(dogs.images[some]))
    with torch.inference_mode():
        answers = torch.cat([network(batch)[:, list(IMAGENET)].argmax(1) for batch in inputs.split(16)]).numpy()
    assert np.mean(answers == dogs.labels[some]) > 0.8  # of 240; 85.7 % of all 2,400


@with_weights
def test_weights_lie_on_a_grid_of_256_steps() -> None:
    weights = imagenet.load().state_dict()
    assert len(torch.unique(weights["features.3.layers.0.conv.weight"])) <= 256
    assert len(torch.unique(weights["head.weight"])) <= 256


@with_weights
def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    content = bytearray((Path(str(DATA)) / FILE).read_bytes())
    content[100_000] ^= 1
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(DataError, match="not the file expected: SHA-256"):
        imagenet.load(tmp_path)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        imagenet.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\0" * 64, b"PK\3\4 not a network"])
def test_something_else_is_no_network(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.tflite").write_bytes(content)
    with pytest.raises(DataError, match="not a TFLite file"):
        imagenet.from_tflite(tmp_path / "x.tflite")
