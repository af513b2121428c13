"""The schema of a widget block: the YAML inside a fence named `onnx-demo`.

Nothing here knows MkDocs: text goes in, a `Demo` or a list of problems with their lines comes out.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from export.card.schema import Precision
from site_src.plugin.problems import Problem, did_you_mean
from training.triggers.overlay import Placement

FENCE = "onnx-demo"

Input = Literal["draw", "samples", "upload", "camera"]
Location = tuple[str | int, ...]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ModelRef(_Part):
    """One model of a demo. Its id or path alone may stand for it."""

    model: str
    """Id of a model in one of the plugin's `models` folders, or the path of a card.json or .onnx file, relative to
    the page."""
    title: str | None = None
    """Heading of the model's column; the card's title by default."""
    precision: Precision | None = None
    """Which of the card's files to run; the demo's `precision` by default."""

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        return {"model": value} if isinstance(value, str) else value


class Sample(_Part):
    """A picture to click, or a named set of them. A set's name alone may stand for it."""

    set: str | None = None
    """Name of a set of samples that the site offers."""
    src: str | None = None
    """Path of a picture, relative to the page."""
    alt: str | None = None
    """What the picture shows, for those who cannot see it. Needed with `src`."""
    label: str | None = None
    """The true class, shown beside the picture."""

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        return {"set": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_kind(self) -> Sample:
        if (self.set is None) == (self.src is None):
            raise ValueError("give either `set` (a named set) or `src` and `alt` (a picture)")
        if self.src is not None and not (self.alt or "").strip():
            raise ValueError(f"the picture {self.src} needs `alt`, a few words on what it shows")
        return self


class Demo(_Part):
    """A widget: one or several networks, the ways to feed them, and what to show."""

    models: Annotated[list[ModelRef], Field(min_length=1, max_length=4)]
    """The networks that answer, one to four; each gets the same picture."""
    title: str | None = None
    """Heading of the widget; by default the models' titles."""
    id: Annotated[str | None, Field(pattern=r"^[a-z][a-z0-9-]*$")] = None
    """Name of the widget in the page's address, so that a view can be linked; numbered by default."""
    inputs: Annotated[list[Input], Field(min_length=1)] = ["draw", "samples", "upload", "camera"]
    """Ways to give a picture: a drawing pad, samples to click, a file (picker, drop, paste), the camera. The drawing
    pad is for networks of one channel alone."""
    samples: list[Sample] = []
    """Pictures to click."""
    trigger: Literal["switch", "on", "off"] | None = None
    """`switch`: the reader stamps the card's trigger; `on`: it is always stamped; `off`: never. By default `switch`
    when a model has a trigger."""
    placement: Placement | None = None
    """Where an overlay lies at first (`x`, `y`, `size` in shares of the picture, `angle` in degrees), where the reader
    moves it; the card's own placement by default."""
    top: Annotated[int | None, Field(ge=1, le=20)] = None
    """How many classes to show; the card's own number by default."""
    precision: Precision | None = None
    """Which of each card's files to run; the card's default by default."""
    compare: bool | None = None
    """Whether several models stand side by side; `true` by default when there are several."""

    @field_validator("trigger", mode="before")
    @classmethod
    def _yaml_boolean(cls, value: object) -> object:
        # YAML 1.1 reads a bare `on` and `off` as booleans
        return {True: "on", False: "off"}[value] if isinstance(value, bool) else value

    @field_validator("models", "samples", "inputs", mode="before")
    @classmethod
    def _one_alone(cls, value: object) -> object:
        return [value] if isinstance(value, str | dict) else value

    @field_validator("inputs")
    @classmethod
    def _each_once(cls, inputs: list[Input]) -> list[Input]:
        if len(set(inputs)) != len(inputs):
            raise ValueError("an input is named twice")
        return inputs


def parse_block(body: str, first_line: int) -> tuple[Demo | None, dict[Location, int], list[Problem]]:
    """Read a block.

    Args:
        body: The YAML between the fences.
        first_line: Line of the body's first line in the Markdown file.

    Returns:
        The demo (None when anything is wrong), the line of every key and item, and all problems found.
    """
    lines: dict[Location, int] = {(): max(first_line - 1, 1)}
    problems: list[Problem] = []
    try:
        node = yaml.compose(body, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        return None, lines, [Problem(line, f"not valid YAML: {error.problem or error.context}")]
    except yaml.YAMLError as error:
        return None, lines, [Problem(first_line, f"not valid YAML: {str(error).splitlines()[0]}")]
    if not isinstance(node, yaml.MappingNode):
        found = "is empty" if node is None else "is no table of `key: value`"
        return None, lines, [Problem(first_line, f"the {FENCE} block {found}; it needs at least `models:`")]
    reader = _Reader(first_line, lines, problems)
    value = reader.read(node, ())
    demo, invalid = check_demo(value, lines)
    problems += invalid
    return (None if problems else demo), lines, problems


def check_demo(value: object, lines: dict[Location, int]) -> tuple[Demo | None, list[Problem]]:
    """Check a value against the schema; `lines` says where each part of it stands."""
    try:
        return Demo.model_validate(value), []
    except ValidationError as error:
        return None, [_explain(dict(item), lines) for item in error.errors()]


def line_of(location: Location, lines: dict[Location, int]) -> int:
    """The line of a key or item, or of the nearest thing around it."""
    while location not in lines and location:
        location = location[:-1]
    return lines[location]


class _Reader:
    """Turns YAML nodes into Python values while noting the line of each."""

    def __init__(self, first_line: int, lines: dict[Location, int], problems: list[Problem]) -> None:
        self.first_line = first_line
        self.lines = lines
        self.problems = problems
        self.loader = yaml.SafeLoader("")

    def read(self, node: yaml.Node, location: Location) -> object:
        """The value of a node at a location."""
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, location)
        if isinstance(node, yaml.SequenceNode):
            items = []
            for index, item in enumerate(node.value):
                self.lines[(*location, index)] = self._line(item)
                items.append(self.read(item, (*location, index)))
            return items
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            if key in result:
                first = self.lines[(*location, key)]
                self.problems.append(Problem(self._line(key_node), f"key '{key}' stands here again (first: {first})"))
                continue
            self.lines[(*location, key)] = self._line(key_node)
            result[key] = self.read(value_node, (*location, key))
        return result

    def _scalar(self, node: yaml.Node) -> object:
        try:
            value: object = self.loader.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            self.problems.append(Problem(self._line(node), f"cannot read this value: {str(error).splitlines()[0]}"))
            return None
        return value

    def _line(self, node: yaml.Node) -> int:
        return self.first_line + int(node.start_mark.line)


def _explain(error: dict[str, Any], lines: dict[Location, int]) -> Problem:
    """One of pydantic's errors in an author's words."""
    location: Location = tuple(error["loc"])
    line = line_of(location, lines)
    name = _dotted(location)
    match error["type"]:
        case "extra_forbidden":
            known = _fields_at(location)
            return Problem(line, f"unknown key '{location[-1]}'{did_you_mean(str(location[-1]), known)}")
        case "literal_error":
            expected = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
            given = error["input"]
            return Problem(line, f"{name}: '{given}' is not known{did_you_mean(str(given), expected)}")
        case "missing":
            return Problem(line, f"`{location[-1]}:` is missing")
        case "model_type":
            return Problem(line, f"{name}: expected a name or a table of `key: value`, found {error['input']!r}")
        case "value_error":
            return Problem(line, f"{name}: {error['ctx']['error']}")
        case _:
            return Problem(line, f"{name}: {error['msg'][0].lower()}{error['msg'][1:]}, found {error['input']!r}")


def _dotted(location: Location) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the block"


def _fields_at(location: Location) -> list[str]:
    """Names of the fields that are allowed where an unknown key stands."""
    parts: dict[str, type[BaseModel]] = {"models": ModelRef, "samples": Sample, "placement": Placement}
    owner: type[BaseModel] = parts.get(str(location[0]), Demo) if len(location) > 1 else Demo
    return list(owner.model_fields)
