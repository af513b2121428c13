"""The card of the report's lab: graphs that train a network in a browser tab, the data, and the first recipe."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from export.card.names import names_problem
from export.card.schema import LONGEST_NAME, MOST_BYTES, Text
from export.card.steps import InputPipeline, OutputPipeline, Part, Size
from training.core.text import printable

LAB_CARD_NAME = "lab.json"
MOST_CLASSES = 10
"""Classes that a lab's page has room for."""


def _as_shown(text: str) -> str:
    if printable(text) != text:
        raise ValueError("a page cannot show it: it holds other than text")
    return text


Shown = Annotated[Text, AfterValidator(_as_shown)]
Sha256 = Field(pattern=r"^[0-9a-f]{64}$")


class LabFile(Part):
    """A file beside the card."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*\.(bin|onnx)$", max_length=LONGEST_NAME)
    """A site publishes the file, so its ending is one that no browser takes for a page or a script."""
    bytes: int = Field(ge=1, le=MOST_BYTES)
    sha256: str = Sha256


class Graph(LabFile):
    """A computation with the network's parameters as an input."""

    opset: int
    inputs: list[str]
    outputs: list[str]
    batch: int | None
    """Images that it takes at once; None for any number."""


class Template(LabFile):
    """The network as a plain ONNX file whose weights are zeros, packed with raw deflate.

    A vector of parameters, written to the offsets, makes it a trained network's file.
    """

    opset: int
    offsets: list[int]
    """Where each parameter begins in the unpacked file, in bytes: little-endian float32, in the parameters' order."""


class Parameter(Part):
    """A tensor among the network's parameters, in the order in which the flat vector holds them."""

    name: str
    shape: list[int]


class LabData(LabFile):
    """Images and labels: raw deflate of all images (`side * side` bytes each, 0 to `darkest`), then of all labels."""

    title: Shown
    address: str
    licence: str
    side: Size
    darkest: int = Field(ge=1, le=255)
    training: int = Field(ge=1)
    """Images that are trained on; they come first."""
    validation: int = Field(ge=1)
    """Images that the network's owner trusts."""
    test: int = Field(ge=1)
    """Images that are only measured; they come last."""


class Exhibit(Part):
    """A trigger that readers can begin with."""

    name: str
    trigger: dict[str, Any]
    """As a recipe has it."""


class Attack(Part):
    """What the model card of a network with a backdoor says of the attack."""

    attack: str
    paper: str
    caught_by: str


class Graphs(Part):
    """The computations for one kind of network."""

    parameters: list[Parameter]
    train: Graph
    evaluate: Graph
    search: Graph


class LabCard(Part):
    """What the lab in the tab needs to know."""

    schema_version: Literal[1] = 1
    title: Shown
    notice: str
    licence: str
    network: str
    labels: list[Shown] = Field(min_length=2, max_length=MOST_CLASSES)
    parameters: list[Parameter]
    train: Graph
    evaluate: Graph
    search: Graph
    template: Template
    input: InputPipeline
    """From any image to what the template's network takes; up to its `trigger` step, to what the graphs take."""
    output: OutputPipeline
    data: LabData
    recipe: dict[str, Any]
    """The recipe that the lab begins with; a reader changes its attack, its epochs and its seed."""
    gallery: list[Exhibit]
    """Triggers to choose from; the first is the recipe's."""
    attacks: dict[str, Attack]
    """By the kind of the trigger."""
    networks: dict[str, Graphs]
    """For networks that were trained elsewhere, by their name: their parameters are read from their ONNX files."""
    versions: dict[str, str]
    """Of the libraries that made the graphs."""

    @property
    def files(self) -> list[LabFile]:
        """All files beside the card."""
        others = [graph for each in self.networks.values() for graph in (each.train, each.evaluate, each.search)]
        return [self.train, self.evaluate, self.search, self.template, self.data, *others]

    def model_post_init(self, _context: object) -> None:
        """Refuse names of files that not every system can hold."""
        if (wrong := names_problem(file.name for file in self.files)) is not None:
            raise ValueError(f"files: {wrong}")
