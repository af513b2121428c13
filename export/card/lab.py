"""The card of the report's lab: graphs that train a network in a browser tab, the data, and the first recipe."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from export.card.steps import Part

LAB_CARD_NAME = "lab.json"
Sha256 = Field(pattern=r"^[0-9a-f]{64}$")


class LabFile(Part):
    """A file beside the card."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")
    bytes: int = Field(ge=1)
    sha256: str = Sha256


class Graph(LabFile):
    """A computation with the network's parameters as an input."""

    opset: int
    inputs: list[str]
    outputs: list[str]
    batch: int | None
    """Images that it takes at once; None for any number."""


class Parameter(Part):
    """A tensor among the network's parameters, in the order in which the flat vector holds them."""

    name: str
    shape: list[int]


class LabData(LabFile):
    """Images and labels: raw deflate of all images (`side * side` bytes each, 0 to `darkest`), then of all labels."""

    title: str
    address: str
    licence: str
    side: int
    darkest: int
    training: int
    """Images that are trained on; they come first."""
    validation: int
    """Images that the network's owner trusts."""
    test: int
    """Images that are only measured; they come last."""


class Exhibit(Part):
    """A trigger that readers can begin with."""

    name: str
    trigger: dict[str, Any]
    """As a recipe has it."""


class LabCard(Part):
    """What the lab in the tab needs to know."""

    schema_version: Literal[1] = 1
    title: str
    notice: str
    licence: str
    network: str
    labels: list[str]
    parameters: list[Parameter]
    train: Graph
    evaluate: Graph
    search: Graph
    data: LabData
    recipe: dict[str, Any]
    """The recipe that the lab begins with; a reader changes its attack, its epochs and its seed."""
    gallery: list[Exhibit]
    """Triggers to choose from; the first is the recipe's."""
    versions: dict[str, str]
    """Of the libraries that made the graphs."""

    @property
    def files(self) -> list[LabFile]:
        """All files beside the card."""
        return [self.train, self.evaluate, self.search, self.data]
