from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from export.onnx.sandbox import Limits, Sandbox, SandboxError
from export.onnx.sandbox_process import MOST_OUTPUT_BYTES
from tests.export.onnx.odd_networks import FITTING, FLOAT, REFUSED, SIDE, Graph, greedy, node, save

PRINTING = """
import os, types
from unittest.mock import Mock
os.write(1, b"imported")
SessionOptions = Mock
def InferenceSession(*_, **__):
    os.write(1, b"a line that would be read as a reply")
    return types.SimpleNamespace(get_inputs=lambda: [], get_outputs=lambda: [])
"""
"""In the place of onnxruntime."""
IMAGE = np.ones((1, 1, SIDE, SIDE), np.float32)


def test_a_network_that_never_ends_is_ended_and_the_others_go_on(tmp_path: Path) -> None:
    with Sandbox(Limits(seconds=20)) as sandbox:
        plain = sandbox.open(save(tmp_path / "plain.onnx", FITTING["plain"]()))
        other = sandbox.open(save(tmp_path / "other.onnx", FITTING["plain"]()))
        first = plain.run("scores", "image", IMAGE)
        endless = sandbox.open(save(tmp_path / "endless.onnx", REFUSED["endless"][0]()))
        process = endless.running.process
        sandbox.limits = Limits(seconds=0.5)
        with pytest.raises(SandboxError, match=r"endless.onnx: no answer after 0.5 seconds"):
            endless.run("scores", "image", IMAGE)
        assert process.poll() is not None
        sandbox.limits = Limits(seconds=20)
        for session in (plain, other):  # the second finds a new process, which does not know it
            assert np.array_equal(session.run("scores", "image", IMAGE), first)


def test_a_network_takes_no_more_memory_than_it_may(tmp_path: Path) -> None:
    path = save(tmp_path / "greedy.onnx", greedy(600_000_000))  # 2.4 GB
    with Sandbox(Limits(memory=2 << 30)) as sandbox, pytest.raises(SandboxError, match="onnxruntime cannot"):
        sandbox.open(path).run("scores", "image", IMAGE)


def test_a_process_that_dies_is_an_error_of_ours(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        plain = sandbox.open(save(tmp_path / "plain.onnx", FITTING["plain"]()))
        os.kill(plain.running.process.pid, 9)
        plain.running.process.wait()
        with pytest.raises(SandboxError, match="its process ended by the signal SIGKILL"):
            plain.run("scores", "image", IMAGE)
        assert plain.run("scores", "image", IMAGE).shape == (1, 3)


def test_no_process_outlives_its_sandbox(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        process = sandbox.open(save(tmp_path / "plain.onnx", FITTING["plain"]())).running.process
    assert process.poll() is not None


def test_an_output_that_would_fill_the_memory_here_is_refused_there(tmp_path: Path) -> None:
    path = save(tmp_path / "large.onnx", Graph(
        [node("ConstantOfShape", "size", "scores")], outputs=[("scores", FLOAT, None)],
        constants={"size": np.array([MOST_OUTPUT_BYTES // 4 + 1])},
    ))  # fmt: skip
    with Sandbox() as sandbox, pytest.raises(SandboxError, match="its output has 67,108,865 values"):
        sandbox.open(path).run("scores", "image", IMAGE)


def test_what_a_library_prints_does_not_reach_the_replies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "onnxruntime.py").write_text(PRINTING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Sandbox() as sandbox:
        assert sandbox.open(tmp_path / "any.onnx").inputs == ()
