"""What a study of defences found: networks, cells, the table of attacks by defences, and detection over networks.

The file of `backdoors study-defences`. Needs no PyTorch.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from training.core.metrics import Estimate
from training.defences.verdict import SampleScores
from training.studies.schema import Cell, Part, Settings


class StudiedAttack(Part):
    """An attack of the study."""

    name: str
    title: str
    recipe: str
    """Name of its recipe."""
    trigger: str
    """In words."""
    trigger_kind: str
    label_map: Literal["all-to-one", "all-to-all"]
    clean_label: bool = False
    """Whether its poisoned samples keep their true label."""


class StudiedDefence(Part):
    """A defence of the study."""

    name: str
    title: str
    paper: str
    settings: dict[str, Any]
    needs: list[str] = Field(default=[])
    """What it needs besides answers; files that are older than this field have none."""


class StudiedNetwork(Part):
    """A network of the study."""

    sha256: str
    """Of its weights; cells name it by this."""
    recipe: str
    recipe_sha256: str
    seed: int
    attack: str | None
    """Name of the attack that it carries; None for a clean control."""
    control: str | None
    """SHA-256 of the clean network that it is compared with; None for one that is clean itself."""
    making: str
    """The same for networks that differ in nothing but their seed."""
    trigger: str
    """SHA-256 of the trigger and label map of its recipe, as cells have it."""
    data: str
    """The test images that everything was measured on."""
    samples: int | None
    """Training images; None for a network that was restored from a released file, as is the next."""
    poisoned: int | None
    """Poisoned ones among them."""
    clean_accuracy: Estimate
    attack_success_rate: Estimate | None


class Spread(Part):
    """One number, measured on several networks that differ in their seed."""

    values: list[float] = Field(min_length=1)
    """In the order of the seeds."""
    median: float
    low: float
    """Smallest value."""
    high: float
    """Largest value."""
    interval: tuple[float, float] | None = None
    """From the lowest to the highest bound of the values' own 95 % intervals; None if they have none."""
    n: int | None = None
    """Samples behind each value, the fewest if they differ; None if it is no proportion of samples."""


class Measure(Part):
    """One number of a defence, on an attack's networks and on their clean controls."""

    name: str
    backdoored: Spread | None
    control: Spread | None


class TableCell(Part):
    """One defence against one attack, over all seeds."""

    attack: str
    defence: str
    status: Literal["measured", "not-applicable", "failed", "missing"]
    """The best of its cells'."""
    reason: str | None = None
    """Why not all its networks were measured."""
    seeds: list[int]
    """Of the backdoored networks that were measured."""
    measures: list[Measure] = Field(default=[])
    detected: Estimate | None = None
    """Fraction of the backdoored networks that a defence of class indices calls backdoored."""
    named: Estimate | None = None
    """Fraction of them in which the class with the highest index is a target of the attacker."""
    false_alarms: Estimate | None = None
    """Fraction of the clean controls that it calls backdoored."""
    seconds: float | None = None
    """Median of one network's."""
    peak_bytes: int | None = None
    """The largest."""


class Detection(Part):
    """How well a defence tells the study's backdoored networks from its clean ones."""

    defence: str
    attack: str | None
    """Against networks with this attack alone; None for all of them."""
    verdict: SampleScores
    """Of networks by their highest class index; the decision is at the paper's threshold."""


class DefenceResults(Part):
    """Everything that a study of defences found."""

    study: str
    title: str
    description: str
    seeds: list[int]
    settings: Settings
    attacks: list[StudiedAttack]
    defences: list[StudiedDefence]
    networks: list[StudiedNetwork]
    cells: list[Cell]
    table: list[TableCell]
    """Attack by attack, in the order of `attacks` and `defences`."""
    detection: list[Detection]
    """Of defences that give each class an index."""
