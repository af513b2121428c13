"""Real MXNet, in the environment of `make mxnet-oracle`; tests that need it are skipped where it is absent."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from export.mxnet.arrays import Array, write_arrays

HERE = Path(__file__).parent
PYTHON = HERE.parents[2] / ".venv-mxnet" / "bin" / "python"
INSTALLED = PYTHON.parents[1] / ".installed"

needs_mxnet = pytest.mark.skipif(not INSTALLED.exists(), reason="MXNet is not installed here (make mxnet-oracle)")


def oracle(*arguments: str | Path) -> str:
    """Run `oracle.py`; gives what it printed."""
    command = [PYTHON, HERE / "oracle.py", *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MXNET_STORAGE_FALLBACK_LOG_VERBOSE": "0"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise AssertionError(f"the oracle failed:\n{done.stderr[-2000:]}")
    return done.stdout


def ask(folder: Path, prefix: str, inputs: dict[str, Array]) -> list[Array]:
    """What real MXNet answers to a checkpoint `<folder>/<prefix>-symbol.json`, `-0000.params`."""
    write_arrays(folder / "asked.params", {f"input:{name}": array for name, array in inputs.items()})
    symbol, parameters = folder / f"{prefix}-symbol.json", folder / f"{prefix}-0000.params"
    oracle("answer", symbol, parameters, folder / "asked.params", folder / "answer.npz")
    with np.load(folder / "answer.npz") as answers:
        return [answers[name] for name in answers.files]


def loaded(path: Path) -> dict[str, Array]:
    """What real MXNet reads from an array file."""
    out = path.with_suffix(".npz")
    oracle("load", path, out)
    with np.load(out) as arrays:
        return {name: arrays[name] for name in arrays.files}
