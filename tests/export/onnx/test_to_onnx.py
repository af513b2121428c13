from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
import torch

from export.errors import ExportError
from export.onnx.session import open_session
from export.onnx.to_onnx import INPUT_NAME, OUTPUT_NAME, max_abs_error, serialise, to_onnx
from training.models import build


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    torch.manual_seed(3)
    return build("mnist-cnn", 10).eval()


@pytest.fixture(scope="module")
def sample() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(4, 1, 28, 28)).astype(np.float32)


@pytest.fixture(scope="module")
def converted(network: torch.nn.Module, sample: np.ndarray) -> onnx.ModelProto:
    return to_onnx(network, sample)


def test_logits_equal_pytorchs(network: torch.nn.Module, converted: onnx.ModelProto, sample: np.ndarray) -> None:
    assert max_abs_error(network, converted, sample) <= 1e-5


@pytest.mark.parametrize("batch", [1, 3, 17])
def test_any_batch_size_runs(converted: onnx.ModelProto, batch: int) -> None:
    (logits,) = open_session(serialise(converted)).run(
        [OUTPUT_NAME], {INPUT_NAME: np.zeros((batch, 1, 28, 28), np.float32)}
    )
    assert logits.shape == (batch, 10)


def test_nothing_of_the_exporters_notes_is_left(converted: onnx.ModelProto) -> None:
    content = serialise(converted)
    for note in (b"pkg.torch", b"stack_trace", b"site-packages", b".py", b"namespace"):
        assert note not in content


def test_attributes_are_in_one_order_whatever_platform_wrote_them(converted: onnx.ModelProto) -> None:
    for node in converted.graph.node:
        names = [attribute.name for attribute in node.attribute]
        assert names == sorted(names)


def test_bytes_are_the_same_in_another_process(converted: onnx.ModelProto) -> None:
    script = (
        "import hashlib, numpy as np, torch\n"
        "from export.onnx.to_onnx import serialise, to_onnx\n"
        "from training.models import build\n"
        "torch.manual_seed(3)\n"
        "sample = np.zeros((2, 1, 28, 28), np.float32)\n"
        "print(hashlib.sha256(serialise(to_onnx(build('mnist-cnn', 10), sample))).hexdigest())\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == hashlib.sha256(serialise(converted)).hexdigest()


class ChangesWhenExported(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = x.flatten(1)[:, :10]
        return flat + 1 if torch.compiler.is_exporting() else flat


def test_a_model_that_answers_otherwise_than_pytorch_is_refused(sample: np.ndarray) -> None:
    with pytest.raises(ExportError, match="differ from PyTorch's by up to 1"):
        to_onnx(ChangesWhenExported(), sample)


def test_dropout_is_off_in_the_export(sample: np.ndarray) -> None:
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10), torch.nn.Dropout(0.5)).train()
    assert "Dropout" not in {node.op_type for node in to_onnx(network, sample).graph.node}
