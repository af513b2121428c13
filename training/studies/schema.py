"""What studies write: the schema of their JSON files, which pages read. Needs no PyTorch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from training.core.errors import RunError
from training.core.files import require_writable_file
from training.core.metrics import Estimate, Measurement
from training.core.reading import TEXT_BYTES, read_bytes
from training.defences.verdict import Verdict

Settings = dict[str, Any]
"""Fields of a recipe by their dotted names, and the values that a run gives them; several names, separated by commas,
are fields that are given the same value."""


class Part(BaseModel):
    """A part of a file: immutable; unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


PartT = TypeVar("PartT", bound=Part)


class Row(Part):
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
    """The values that were tried, besides rate and seed."""
    validation_accuracy: Estimate | None = None
    """Clean accuracy on the validation images, by which settings are chosen; None if the recipe sets none aside."""
    validation_success: Estimate | None = None
    """Attack success rate on them."""


class Table(Part):
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


class Compared(Part):
    """One run of a comparison."""

    recipe: str
    recipe_sha256: str
    seed: int
    data: str
    trigger: str | None = None
    """In words; None for a clean network, like the two fields below."""
    poison_rate: float | None = None
    noise_rate: float | None = None
    """Fraction of the training images that carries a decoy and keeps its label."""
    attack_success_rate: Estimate | None = None
    """Of a clean network only if its recipe measures the attack of another one in the comparison, as its control."""
    clean_accuracy: Estimate


class Comparison(Part):
    """Recipes side by side, each trained with several seeds."""

    runs: list[Compared]
    """By recipe, then seed."""


class Result(Part):
    """One network of the latent study, trained with one seed."""

    recipe: str
    recipe_sha256: str
    seed: int
    seconds: float
    measurement: Measurement
    framed: Measurement | None = None
    """The same with every image in a frame; None for a baseline."""
    elsewhere: Estimate | None = Field(default=None, exclude_if=lambda value: value is None)
    """How often a student recognises the target in photos of the target's own data set, where that is not the
    student's; `backdoors study-students` measures it."""
    int8: Measurement | None = None
    """The network with int8 weights, run by onnxruntime; `backdoors study-int8` adds it."""


class Altered(Part):
    """What an altered trigger does."""

    name: str
    title: str
    latent: Estimate
    """Attack success on the backdoored teacher's student."""
    clean: Estimate
    """The same on the clean teacher's student."""


class Defended(Part):
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
    """How many images it was fine-tuned on; the name is that of files written before *image* was the word."""
    seconds: float | None = None


class Tried(Part):
    """A strength of fine-tuning that was tried on validation images."""

    layer: int
    """The first that was trained."""
    learning_rate: float
    accuracy: Estimate
    """Clean accuracy that it left, on the validation images."""


class FineTuned(Part):
    """A student before or after fine-tuning, with one seed."""

    student: str
    """Its recipe."""
    recipe_sha256: str
    seed: int
    """Of the student and of its fine-tuning."""
    layer: int | None = None
    """The first that was trained; None for the student as it was, like the two fields below."""
    learning_rate: float | None = None
    seconds: float | None = None
    measurement: Measurement
    framed: Measurement
    """The same with every image in a frame."""


class FineTunings(Part):
    """Fine-tuning whose strength was chosen on validation images: `backdoors study-fine-tuning` measures it."""

    student_sha256: str
    """Of the recipe whose student it was chosen for."""
    epochs: int
    images: int
    """Training images; while the strength was chosen, without the validation images."""
    most_lost: float
    """Clean accuracy that may be lost on the validation images, as a fraction of them."""
    untuned: Estimate
    """Clean accuracy on the validation images before fine-tuning."""
    tried: list[Tried] = []
    rows: list[FineTuned] = []
    """By seed, then student, then layer."""


class Inspected(Part):
    """What Neural Cleanse finds for one class of a network."""

    network: str
    label: str
    size: float
    """Of the smallest trigger found, in pixels."""
    success: float
    anomaly: float
    """Above `training.defences.outliers.SUSPICIOUS` the class is suspicious."""


class Study(Part):
    """The latent study: seeds, baselines, altered triggers and defences."""

    student: str
    results: list[Result]
    untrained: Result | None = None
    """The network that the teachers started from, its own classification layer cut to their classes; its hash is the
    weights'."""
    altered: list[Altered]
    defended: list[Defended]
    inspected: list[Inspected] = []
    fine_tunings: FineTunings | None = Field(default=None, exclude_if=lambda value: value is None)


def read_study(path: Path) -> Study:
    """Read what `backdoors study` wrote.

    Raises:
        RunError: If the file cannot be read as that.
    """
    return _read(Study, path, "a study; backdoors study --force starts over")


class Examined(Part):
    """A network that defences examined."""

    name: str
    sha256: str
    """Of its weights; cells name the network by it."""
    backdoored: bool
    recipe_sha256: str | None = None
    data: str
    """The test images that everything was measured on."""
    control: str | None = None
    """SHA-256 of its clean control: a network made in the same way."""


class Cell(Part):
    """One defence on one network with one seed."""

    network: str
    """Its SHA-256."""
    defence: str
    title: str
    settings: dict[str, Any]
    seed: int
    status: Literal["measured", "not-applicable", "failed"]
    seconds: float = Field(ge=0)
    """Of processor time, so that other work on the machine does not count."""
    attack: str | None = None
    """SHA-256 of the trigger and the label map that it was measured with, for a clean network those of the backdoored
    network that it stands beside; None if no trigger is known."""
    peak_bytes: int | None = Field(default=None, ge=0)
    """The process' largest main memory during it; None where the system does not say, or nothing was measured."""
    verdict: Verdict | None = None
    reason: str | None = None
    """Why there is no verdict, in one line."""

    @model_validator(mode="after")
    def _verdict_or_reason(self) -> Cell:
        if (self.verdict is not None) != (self.status == "measured") or (self.verdict is None) == (self.reason is None):
            raise ValueError("a measured cell has a verdict, any other a reason")
        return self

    def with_attack(self, attack: str | None) -> Cell:
        """The same, measured with another trigger."""
        return self.model_copy(update={"attack": attack})

    @property
    def key(self) -> str:
        """What makes two cells the same measurement."""
        return json.dumps([self.network, self.attack, self.defence, self.settings, self.seed], sort_keys=True)


class Defences(Part):
    """What defences said of networks: the file of `backdoors defend`."""

    networks: list[Examined] = []
    cells: list[Cell] = []

    def network(self, sha256: str) -> Examined | None:
        """The network of that hash."""
        return next((each for each in self.networks if each.sha256 == sha256), None)

    def with_network(self, given: Examined) -> Defences:
        """The same with a network, in the place of what was said of it before."""
        others = [each for each in self.networks if each.sha256 != given.sha256]
        return self.model_copy(update={"networks": [*others, given]})

    def with_cell(self, given: Cell) -> Defences:
        """The same with a cell, in the place of an earlier one of the same key."""
        others = [each for each in self.cells if each.key != given.key]
        return self.model_copy(update={"cells": [*others, given]})

    def cells_of(self, sha256: str) -> list[Cell]:
        """The cells of a network, by defence, in the order in which they were measured."""
        found = [each for each in self.cells if each.network == sha256]
        order = list(dict.fromkeys(each.defence for each in found))
        return sorted(found, key=lambda each: (order.index(each.defence), each.seed))

    def beside(self, cell: Cell) -> Cell | None:
        """The same defence, settings, seed and trigger on the network's clean control; None if not measured."""
        network = self.network(cell.network)
        if network is None or network.control is None:
            return None
        wanted = cell.model_copy(update={"network": network.control}).key
        return next((each for each in self.cells if each.key == wanted), None)


def read_defences(path: Path) -> Defences:
    """Read what `backdoors defend` wrote.

    Raises:
        RunError: If the file cannot be read as that.
    """
    words = "results of backdoors defend; --force starts over"
    found = _read(Defences, path, words)
    if not found.model_fields_set:  # {} is somebody else's
        raise RunError(f"{path}: cannot be read as {words}")
    return found


def require_own(path: Path, model: type[PartT], command: str) -> PartT | None:
    """Refuse to replace a file that another program wrote; returns what is in it, None if there is no file.

    Args:
        path: Where results are to be written.
        model: What such a file holds.
        command: That writes it, for the message.

    Raises:
        RunError: If no file can be written there, or the one that is there is another.
    """
    require_writable_file(path)
    words = f"results of backdoors {command}, which would replace it; give another path, or remove it"
    return _read(model, path, words) if path.exists() else None


def _read(model: type[PartT], path: Path, words: str) -> PartT:
    try:
        return model.model_validate_json(read_bytes(path, TEXT_BYTES))
    except (OSError, ValidationError) as error:
        raise RunError(f"{path}: cannot be read as {words}") from error
