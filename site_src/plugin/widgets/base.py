"""What every kind of block has: a fence, a schema, a way to look up what it names, and one to render it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Generic, Protocol, TypeVar

from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, Field

from export.card.schema import Precision
from site_src.plugin.catalogue import Catalogue, Entry
from site_src.plugin.problems import Problem
from site_src.plugin.runtime import Assets
from training.triggers.base import Trigger
from training.triggers.placement import Placement

RelativeUrl = Callable[[str], str]
"""Address in the built site -> address relative to the page."""

Location = tuple[str | int, ...]
"""Where a value stands in a block: keys and indices from the outside in."""

Lines = Mapping[Location, int]
"""The line of every key and item of a block."""


class Part(BaseModel):
    """A table in a block: unknown keys are errors, and the string below a field documents it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Block(Part):
    """What an author writes inside a fence, checked."""

    id: Annotated[str | None, Field(pattern=r"^[a-z][a-z0-9-]*$")] = None
    """Name of the widget in the page's address, so that readers can link to a view; numbered by default."""


@dataclass(frozen=True)
class Credit:
    """Who made a sample, and under which terms it is shown."""

    text: str
    """For example `Pete Souza, public domain; resized`."""
    href: str
    """Its page at the place where it was published."""


@dataclass(frozen=True)
class SampleImage:
    """An image that readers can choose."""

    name: str
    """File name."""
    content: bytes
    alt: str
    label: str | None = None
    """True class, where there is one."""
    credit: Credit | None = None
    note: str | None = None
    """A sentence on what to notice, shown while the sample is chosen."""


@dataclass(frozen=True)
class MissingSamples:
    """A set of samples that is not on this machine."""

    message: str
    """A sentence with the command that gets it, shown in place of the samples."""


SampleSets = Mapping[str, Sequence[SampleImage] | MissingSamples]
"""Named sets of samples that a site offers to its pages."""


@dataclass(frozen=True)
class Answered:
    """What a network said of an image."""

    probabilities: tuple[float, ...]
    """One a class, as the card's activation gives them."""
    seen: bytes
    """The pixels that the network was given, as a PNG file."""


Answer = Callable[[Entry, Precision, bytes, Trigger | None, Placement | None], Answered | None]
"""Asks a network about an image file, with a trigger stamped (at a place of its own) or without; None if it cannot."""


@dataclass(frozen=True)
class Surroundings:
    """What a page offers to its blocks."""

    catalogue: Catalogue
    page_folder: Path
    sample_sets: SampleSets
    answer: Answer | None = None
    """Given by a site that shows answers before the networks are there."""


@dataclass(frozen=True)
class Output:
    """Where a widget puts the files it needs, and how its page links to them."""

    assets: Assets
    url: RelativeUrl

    def add_image(self, name: str, content: bytes) -> str:
        """Put an image file into the site; returns its address relative to the page."""
        return self.url(self.assets.add_image(name, content))


class Widget(Protocol):
    """A block with everything it names looked up."""

    @property
    def preloads(self) -> Sequence[str]:
        """Addresses of small files that the element fetches first."""

    def render(self, widget_id: str, output: Output) -> Markup:
        """The widget's HTML, which works as plain HTML until the element takes over."""


BlockT = TypeVar("BlockT", bound=Block)


@dataclass(frozen=True)
class Kind(Generic[BlockT]):
    """A kind of block. To add one, write a module like `onnx_demo` and name its `KIND` in the registry."""

    fence: str
    """The word after the opening fence."""
    schema: type[BlockT]
    resolve: Callable[[BlockT, Lines, Surroundings], tuple[Widget | None, list[Problem]]]
    """Looks up everything that a block names: the widget, or None and all problems."""
    prefix: str
    """How the ids of widgets without one begin; a number follows."""
    tables: tuple[tuple[str, type[BaseModel]], ...]
    """Titles and schemas for the generated reference."""
