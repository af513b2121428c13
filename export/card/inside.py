"""What a page shows of a network's inside: outputs that are added to a released file in memory, and what was measured.

Such a file, `inside.json`, lies beside the card. It holds an *appendix*: bytes that, put after those of the ONNX file,
make a network with more outputs. The file itself stays as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Base64Bytes, Field, field_validator, model_validator

from export.card.io import read_json
from export.card.schema import CardError, Precision
from export.card.steps import Part, Size
from training.core.files import write_text
from training.core.metrics import Estimate

INSIDE_NAME = "inside.json"
LARGEST = 1e9
"""Of a feature or a change of one: far from where sums of float64, or a page's column, overflow."""
Coordinate = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]


class Cloud(Part):
    """Where the features of some test images lie."""

    kind: Literal["clean", "triggered", "target"]
    """Images of other classes than the target; the same with the trigger; images of the target."""
    xy: list[tuple[Coordinate, Coordinate]] = Field(min_length=1)


class Plane(Part):
    """Features, which the last layer takes, in the two dimensions along which those of test images vary most."""

    view: Literal["plane"] = "plane"
    point: str
    """The added output: where an image lies, `(n, 2)`."""
    clouds: list[Cloud]
    """One of each kind."""

    @field_validator("clouds")
    @classmethod
    def _each_kind_once(cls, clouds: list[Cloud]) -> list[Cloud]:
        if sorted(cloud.kind for cloud in clouds) != ["clean", "target", "triggered"]:
            raise ValueError("one cloud of each kind is expected: clean, triggered, target")
        return clouds


class Channel(Part):
    """One channel of the last convolution."""

    index: int = Field(ge=0)
    moved: float = Field(ge=0, le=LARGEST)
    """By how much the trigger changes the channel's values, summed over its map, mean over images."""


class Silenced(Part):
    """How the network does on test images with some channels set to 0."""

    clean_accuracy: Estimate
    attack_success_rate: Estimate
    robust_accuracy: Estimate


class Channels(Part):
    """The maps of the last convolution, and the network's answer without some of them."""

    view: Literal["channels"] = "channels"
    maps: str
    """The added output: the maps, `(n, c, h, w)`."""
    keep: str
    """The added input: what each map is multiplied by, `(1, c, 1, 1)`."""
    logits: str
    """The added output: the logits that follow from the maps that are kept."""
    height: Size
    width: Size
    channels: list[Channel] = Field(min_length=1)
    """The one that the trigger moves most first."""
    ordered_on: str
    """Which images decided the order."""
    data: str
    """Which images the rest was measured on, for example `the test images of MNIST`."""
    silenced: list[Silenced]
    """With the first 0, 1, 2 … of `channels` set to 0, up to all."""
    alone: list[Silenced]
    """With one of `channels` set to 0, in their order."""

    @model_validator(mode="after")
    def _of_the_same_channels(self) -> Channels:
        count = len(self.channels)
        if sorted(channel.index for channel in self.channels) != list(range(count)):
            raise ValueError(f"the indices of {count} channels are expected to be 0 to {count - 1}, each once")
        if (len(self.silenced), len(self.alone)) != (count + 1, count):
            found = f"found {len(self.silenced)} and {len(self.alone)}"
            raise ValueError(f"{count} channels require {count + 1} rows in silenced and {count} in alone, {found}")
        return self


class Inside(Part):
    """What a page shows of one file of a model."""

    precision: Precision
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the ONNX file that the appendix belongs to."""
    appendix: Base64Bytes
    shown: Annotated[Plane | Channels, Field(discriminator="view")]


def read_inside(path: Path) -> Inside:
    """Read and check an `inside.json`.

    Raises:
        CardError: If it is missing or breaks the schema.
    """
    try:
        return read_json(path, Inside, "what is inside the network", CardError)
    except CardError as error:
        raise CardError(f"{error}; write it with: backdoors inside") from error


def write_inside(inside: Inside, folder: Path) -> Path:
    """Write what a page shows of a model into the model's folder; returns its path."""
    path = folder / INSIDE_NAME
    write_text(path, inside.model_dump_json(indent=1) + "\n")
    return path
