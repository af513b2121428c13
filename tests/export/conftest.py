"""A quickly trained digits network, exported once for all tests of this room."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from export.release import golden_inputs
from export.release.models import Model, open_model
from export.release.release import release
from tests.export.quick_digits import quick_recipe
from training.runs.lineage import train
from training.runs.store import Run

FEW = ("scan-5.png", "mnist-like.png", "blank-white.png", "exif-6.jpg", "palette-transparent.png")


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A handful of the golden inputs."""
    folder = tmp_path_factory.mktemp("inputs")
    for name in FEW:
        shutil.copy(golden_inputs.INPUTS / name, folder)
    return folder


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(quick_recipe("quick-badnet", 0.2), runs_dir=tmp_path_factory.mktemp("runs"), device="cpu")


@pytest.fixture(scope="session")
def released(run: Run, inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported model's folder; tests that change it copy it first."""
    folder = tmp_path_factory.mktemp("models") / "quick-badnet"
    release(run, folder, inputs=inputs, qdq=True, allow_loss=True)
    return folder


@pytest.fixture
def model(released: Path, tmp_path: Path) -> Model:
    """A copy of the exported model, to be changed at will."""
    folder = tmp_path / "models" / released.name
    shutil.copytree(released, folder)
    return open_model(str(folder / "card.json"))
