"""What a command loads and how much processor time it takes before it answers; each in a process of its own."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from export.cli.main import ENTRIES
from export.release import golden_inputs

ROOT = Path(__file__).parents[3]
SCAN = str(golden_inputs.INPUTS / "scan-5.png")
HEAVY = {"lightning_fabric", "matplotlib", "mkdocs", "onnx", "onnxruntime", "scipy", "sklearn", "torch"}
GROUPS = ["card new", "card refresh", "card schema", "data fetch", "data list", "data verify", "data where"]
HELP = [["--help"], *([*name.split(), "--help"] for name in (*ENTRIES, *GROUPS))]
PROBE = """
import json, sys
from export.cli.main import app
for arguments in json.loads(sys.argv[1]):
    try:
        app(arguments, prog_name="backdoors")
    except SystemExit as end:
        packages = sorted({name.partition(".")[0] for name in sys.modules})
        print(json.dumps([arguments, end.code, packages]), file=sys.stderr)
"""
PREDICT = ["predict", "site_assets/models/mnist-badnet", SCAN]


def loaded(*commands: list[str]) -> Iterator[tuple[list[str], set[str]]]:
    """Commands called one after another by one process, each with the top-level packages imported until it ends."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(commands)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert len(done.stderr.splitlines()) == len(commands), done.stderr
    for line in done.stderr.splitlines():
        arguments, code, packages = json.loads(line)
        assert code == 0
        yield arguments, set(packages)


def test_help_loads_neither_heavy_packages_nor_numpy() -> None:
    for arguments, packages in loaded(*HELP):
        assert packages & (HEAVY | {"numpy", "PIL"}) == set(), arguments


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        (["models"], set()),
        (["recipes"], set()),
        (["card", "schema"], set()),
        (PREDICT, {"onnxruntime"}),
    ],
    ids=["models", "recipes", "card schema", "predict"],
)
def test_a_command_loads_only_what_it_needs(command: list[str], allowed: set[str]) -> None:
    ((_, packages),) = loaded(command)
    assert packages & HEAVY == allowed


def processor_seconds(arguments: list[str]) -> float:
    """Of one call, in user and system mode."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "export.cli.main", *arguments]
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize(
    ("arguments", "most"),
    [(["--help"], 1.2), (["train", "--help"], 1.2), (["models"], 2.1), (PREDICT, 3.6)],
    ids=["--help", "train --help", "models", "predict"],
)
def test_a_command_answers_at_once(arguments: list[str], most: float) -> None:
    """Bounds of three times what a quiet machine may take: only a command that loads too much is over them."""
    assert statistics.median(processor_seconds(arguments) for _ in range(3)) < most
