from __future__ import annotations

import copy
import hashlib
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
import torch

from export.errors import ExportError
from export.onnx.agreement import TOLERANCE, relative_difference
from export.onnx.session import open_session
from export.onnx.to_onnx import INPUT_NAME, OUTPUT_NAME, onnx_logits, serialise, to_onnx, torch_logits
from training.models.registry import build


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
    assert relative_difference(onnx_logits(converted, sample), torch_logits(network, sample)) <= TOLERANCE


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


@pytest.mark.long
def test_bytes_are_the_same_in_another_process(converted: onnx.ModelProto) -> None:
    script = (
        "import hashlib, numpy as np, torch\n"
        "from export.onnx.to_onnx import serialise, to_onnx\n"
        "from training.models.registry import build\n"
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


class Scaled(torch.nn.Module):
    """A network whose logits are a multiple of another's, and off by a fraction of their largest once exported."""

    def __init__(self, network: torch.nn.Module, scale: float, off: float = 0) -> None:
        super().__init__()
        self.network, self.scale, self.off = network, scale, off

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = self.scale * self.network(x)
        return logits + self.off * logits.abs().max() if torch.compiler.is_exporting() else logits


@pytest.mark.parametrize("scale", [1e-20, 1e20])
def test_the_size_of_the_logits_decides_nothing(network: torch.nn.Module, sample: np.ndarray, scale: float) -> None:
    to_onnx(Scaled(network, scale), sample)
    with pytest.raises(ExportError, match=r"differ from PyTorch's by 1\.0\de-03 of the largest"):
        to_onnx(Scaled(network, scale, off=1e-3), sample)


def test_a_network_with_weights_a_thousand_times_larger_is_exported(
    network: torch.nn.Module, sample: np.ndarray
) -> None:
    large = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in large.parameters():
            parameter.mul_(1000)
    assert np.abs(onnx_logits(to_onnx(large, sample), sample)).max() > 1e6


def test_logits_that_are_not_finite_are_refused(network: torch.nn.Module, sample: np.ndarray) -> None:
    with pytest.raises(ExportError, match="the network's own logits are not finite"):
        to_onnx(Scaled(network, float("inf")), sample)


def test_dropout_is_off_in_the_export(sample: np.ndarray) -> None:
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10), torch.nn.Dropout(0.5)).train()
    assert "Dropout" not in {node.op_type for node in to_onnx(network, sample).graph.node}
