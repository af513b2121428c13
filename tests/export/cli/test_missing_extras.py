"""The command line where none of the extras is installed: their packages cannot be imported in these processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from export.release import golden_inputs
from training.cli.extras import PACKAGES

ROOT = Path(__file__).parents[3]
SCAN = str(golden_inputs.INPUTS / "scan-5.png")
PROBE = """
import json, sys
sys.modules |= dict.fromkeys(json.loads(sys.argv.pop(1)))  # None: `import` raises ModuleNotFoundError
from export.cli.main import app
app(prog_name="backdoors")
"""


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    absent = sorted({package for packages in PACKAGES.values() for package in packages})
    command = [sys.executable, "-c", PROBE, json.dumps(absent), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [["models"], ["recipes"], ["card", "schema"], ["export", "--help"]])
def test_what_needs_no_extra_works_without_any(arguments: list[str]) -> None:
    done = call(*arguments)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "extras"),
    [
        (["train", "digits-clean"], "train"),
        (["data", "list"], "train"),
        (["sweep", "digits-poison-grid"], "train"),
        (["predict", "mnist-badnet", SCAN], "export"),
        (["evaluate", "mnist-badnet"], "export,train"),
        (["export", "digits-clean"], "export,train"),
        (["verify"], "export"),
        (["card", "new", "model.onnx", "--labels", "labels.txt"], "export"),
        (["convert-mxnet", "a-symbol.json", "a.params", "a.onnx"], "export"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_command_names_every_extra_that_it_needs_in_one_line(arguments: list[str], extras: str) -> None:
    done = call(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: 'backdoors {arguments[0]}' needs the extra")
    assert done.stderr.endswith(f'pip install "backdoors-in-neural-networks[{extras}]"\n')
    assert done.stderr.count("\n") == 1
