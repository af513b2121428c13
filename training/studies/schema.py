"""What studies write: the schema of their JSON files, which pages read. Needs no PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from training.core.errors import RunError
from training.core.metrics import Estimate, Measurement

Settings = dict[str, Any]
"""Fields of a recipe by their dotted names, and the values that a run gives them; several names, separated by commas,
are fields that are given the same value."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Row(_Part):
    """One run of a sweep."""

    rate: float
    seed: int
    poisoned: int
    """Poisoned training samples."""
    clean_accuracy: Estimate
    attack_success_rate: Estimate
    robust_accuracy: Estimate
    recipe_sha256: str
    pixels: int | None = None
    """Pixels that the trigger covers, where their number is always the same."""
    settings: Settings | None = None
    """What was varied beside rate and seed."""


class Table(_Part):
    """What a sweep found."""

    sweep: str
    title: str
    data: str
    samples: int
    """Training samples."""
    epochs: int
    trigger: str
    label_map: str
    rows: list[Row]
    """By rate, then seed."""


class Result(_Part):
    """One network of the latent study, trained with one seed."""

    recipe: str
    recipe_sha256: str
    seed: int
    seconds: float
    measurement: Measurement
    framed: Measurement | None = None
    """The same with every image in a frame; None for a baseline."""
    int8: Measurement | None = None
    """The network with int8 weights, run by onnxruntime; `backdoors study-int8` adds it."""


class Altered(_Part):
    """What an altered trigger does."""

    name: str
    title: str
    latent: Estimate
    """Attack success on the backdoored teacher's student."""
    clean: Estimate
    """The same on the clean teacher's student."""


class Defended(_Part):
    """A student after a defence."""

    student: str
    """Its recipe."""
    defence: str
    strength: float
    """The first layer that was fine-tuned, or the fraction of channels that was pruned."""
    measurement: Measurement
    epochs: int | None = None
    """Of fine-tuning; None for pruning, as are the following."""
    learning_rate: float | None = None
    pictures: int | None = None
    """How many images it was fine-tuned on."""
    seconds: float | None = None


class Inspected(_Part):
    """What Neural Cleanse finds for one class of a network."""

    network: str
    label: str
    size: float
    """Of the smallest trigger found, in pixels."""
    success: float
    anomaly: float
    """Above `training.defences.outliers.SUSPICIOUS` the class is suspicious."""


class Points(_Part):
    """Features of images in two dimensions."""

    teacher: str
    kind: str
    xy: list[tuple[float, float]]


class Study(_Part):
    """The latent study: seeds, baselines, altered triggers, defences and features."""

    student: str
    results: list[Result]
    untrained: Result | None = None
    """The network that the teachers started from, its own classification layer cut to their classes; its hash is the
    weights'."""
    altered: list[Altered]
    defended: list[Defended]
    points: list[Points]
    inspected: list[Inspected] = []


def read_study(path: Path) -> Study:
    """Read a latent study.

    Raises:
        RunError: If the file is none.
    """
    try:
        return Study.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise RunError(f"{path}: cannot be read as a study; backdoors study --force makes it anew") from error
