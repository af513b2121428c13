"""Read a block's YAML against a schema, and report each mistake with its line."""

from __future__ import annotations

from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from site_src.plugin.problems import Problem, did_you_mean
from site_src.plugin.widgets.base import Lines, Location
from training.core.text import printable

MOST_LETTERS = 64 << 10
DEEPEST = 16
"""Lists and tables in one another; a block needs four."""

Schema = TypeVar("Schema", bound=BaseModel)


def read_block(
    body: str, first_line: int, fence: str, schema: type[Schema]
) -> tuple[Schema | None, Lines, list[Problem]]:
    """Read a block.

    Args:
        body: The YAML between the fences.
        first_line: Line of the body's first line in the Markdown file.
        fence: Name of the block, for messages.
        schema: What the block must be.

    Returns:
        The block (None when anything is wrong), the line of every key and item, and all problems.
    """
    lines: dict[Location, int] = {(): max(first_line - 1, 1)}
    problems: list[Problem] = []
    try:
        if (refused := _refused(body, first_line)) is not None:
            return None, lines, [refused]
        node = yaml.compose(body, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        return None, lines, [Problem(line, f"not valid YAML: {error.problem or error.context}")]
    except yaml.YAMLError as error:
        return None, lines, [Problem(first_line, f"not valid YAML: {str(error).splitlines()[0]}")]
    if not isinstance(node, yaml.MappingNode):
        found = "is empty" if node is None else "is not a table of `key: value`"
        required = ", ".join(f"`{name}:`" for name, field in schema.model_fields.items() if field.is_required())
        return None, lines, [Problem(first_line, f"the {fence} block {found}; it requires {required or 'a table'}")]
    reader = _Reader(first_line, lines, problems)
    value = reader.read(node, ())
    block, invalid = check(schema, value, lines)
    problems += invalid
    return (None if problems else block), lines, problems


def _refused(body: str, first_line: int) -> Problem | None:
    """What no block needs and a short one can grow without bound by: nested lists, and references to other parts."""
    if len(body) > MOST_LETTERS:
        return Problem(first_line, f"the block holds more than {MOST_LETTERS:,} letters")
    depth = 0
    for event in yaml.parse(body, Loader=yaml.SafeLoader):
        line = first_line + (event.start_mark.line if event.start_mark else 0)
        if getattr(event, "anchor", None) is not None:
            return Problem(line, "anchors and aliases (`&name`, `*name`) have no place in a block: write the value out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            return Problem(line, f"more than {DEEPEST} lists or tables lie in one another")
    return None


def check(schema: type[Schema], value: object, lines: Lines) -> tuple[Schema | None, list[Problem]]:
    """Check a value against a schema; `lines` says where each part of it stands."""
    try:
        return schema.model_validate(value), []
    except ValidationError as error:
        return None, [Problem(line_of(item["loc"], lines), explain(dict(item), schema)) for item in error.errors()]


def line_of(location: Location, lines: Lines) -> int:
    """The line of a key or item, or of the nearest thing around it."""
    while location not in lines and location:
        location = location[:-1]
    return lines[location]


def explain(error: dict[str, Any], schema: type[BaseModel]) -> str:
    """One of pydantic's errors in an author's words."""
    location: Location = tuple(error["loc"])
    name = _dotted(location)
    match error["type"]:
        case "extra_forbidden":
            known = _fields_at(location, schema)
            return f"unknown key '{location[-1]}'{did_you_mean(str(location[-1]), known)}"
        case "literal_error":
            expected = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
            given = error["input"]
            return f"{name}: unknown value '{given}'{did_you_mean(str(given), expected)}"
        case "missing":
            return f"`{location[-1]}:` is missing"
        case "model_type":
            return f"{name}: expected a name or a table of `key: value`, found {error['input']!r}"
        case "value_error":
            return f"{name}: {error['ctx']['error']}"
        case _:
            return f"{name}: {error['msg'][0].lower()}{error['msg'][1:]}, found {error['input']!r}"


class _Reader:
    """Turns YAML nodes into Python values and notes the line of each."""

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
            key = printable(key)
            if key in result:
                first = self.lines[(*location, key)]
                self.problems.append(Problem(self._line(key_node), f"duplicate key '{key}' (first on line {first})"))
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
        except (AttributeError, LookupError):  # of PyYAML, from `!!timestamp x`, `!!bool x` and `!!int ""`
            self.problems.append(Problem(self._line(node), "cannot read this value: it is not what its tag says"))
            return None
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if isinstance(text, str) and any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text):
            message = "this text holds a character (U+0000, or half of a pair) that no page and no path can hold"
            self.problems.append(Problem(self._line(node), message))
            return printable(text)
        return value

    def _line(self, node: yaml.Node) -> int:
        return self.first_line + int(node.start_mark.line)


def _dotted(location: Location) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the block"


def _fields_at(location: Location, schema: type[BaseModel]) -> list[str]:
    """Names of the fields that are allowed where an unknown key stands."""
    owner = schema
    for part in location[:-1]:
        if isinstance(part, str) and part in owner.model_fields:
            owner = _model_in(owner.model_fields[part].annotation) or owner
    return list(owner.model_fields)


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The first model inside an annotation: `Sample` in `list[Sample]`, `Placement` in `Placement | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
