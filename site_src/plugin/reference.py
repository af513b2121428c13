"""The plugin's own documentation, generated from its schema and options."""

from __future__ import annotations

import ast
import inspect
import json
import re
import types
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from export.card.schema import (
    Composite,
    Decode,
    InputPipeline,
    Layout,
    ModelCard,
    ModelFile,
    Normalise,
    Orient,
    OutputPipeline,
    Resize,
    Scale,
)
from site_src.plugin import plugin
from site_src.plugin.widgets.blocks import Demo, ModelRef, Sample


def block_reference() -> str:
    """The keys of a block, in Markdown tables."""
    parts = (
        ("Keys of the block", Demo),
        ("An item of `models`", ModelRef),
        ("An item of `samples`", Sample),
    )
    return "\n\n".join(f"### {title}\n\n{_keys(model)}" for title, model in parts)


def plugin_reference() -> str:
    """The plugin's options, in a Markdown table."""
    rows = ["| Option | What it is |", "| --- | --- |"]
    options = dict(plugin.OnnxWidgetsConfig._schema)  # noqa: SLF001 - MkDocs names it so, and documents it
    for name, text in _attribute_docstrings(plugin.OnnxWidgetsConfig):
        rows.append(f"| `{name}` | {_one_line(text)}{_default(options[name].default)} |")
    return "\n".join(rows)


def minimal_card() -> str:
    """A model card with the needed fields only, of a classifier of colour photographs, as a code block."""
    card = ModelCard(
        id="my-model",
        title="My model",
        description="What it tells apart, in a sentence.",
        network="MobileNetV2",
        licence="MIT",
        files=[
            ModelFile(
                name="my-model.onnx", precision="fp32", bytes=9_460_000, sha256="0" * 64, opset=18, max_abs_error=0
            )
        ],
        default_precision="fp32",
        labels=["cat", "dog"],
        input=InputPipeline(
            tensor="image",
            height=224,
            width=224,
            channels=3,
            steps=[
                Decode(),
                Orient(),
                Composite(),
                Resize(height=224, width=224),
                Scale(),
                Normalise(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
                Layout(),
            ],
        ),
        output=OutputPipeline(),
    )
    fields = {name: value for name, value in card.model_dump(mode="json", exclude_none=True).items() if value}
    text = re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), json.dumps(fields, indent=2))
    return f"``` json\n{text}\n```"


def install_commands(runtime_version: str) -> str:
    """What to install for a site of one's own, as a code block."""
    commands = [
        'pip install "backdoors-in-neural-networks @ git+REPOSITORY"',
        f"npm install onnxruntime-web@{runtime_version}",
    ]
    return "``` bash\n{}\n```".format("\n".join(commands))


def _keys(model: type[BaseModel]) -> str:
    rows = ["| Key | What it is |", "| --- | --- |"]
    for name, field in model.model_fields.items():
        default = " **Needed.**" if field.default is PydanticUndefined else _default(field.default)
        meaning = _one_line(field.description or "")
        rows.append(f"| `{name}` | {meaning} *({_type(field.annotation)})*{default} |")
    return "\n".join(rows)


def _type(annotation: Any) -> str:  # noqa: ANN401 - a type annotation may be anything
    """A type in an author's words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in {Union, types.UnionType}:
        return _type(next(part for part in arguments if part is not type(None)))
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "items"
    if hasattr(annotation, "__metadata__"):
        return _type(arguments[0])
    return {str: "text", int: "number", bool: "`true`, `false`"}.get(annotation, str(annotation))


def _default(value: object) -> str:
    """A sentence on the default; a value that says nothing has none."""
    if value is None or value in ([], ""):
        return ""
    if isinstance(value, bool):
        return f" Default: `{str(value).lower()}`."
    return f" Default: `{', '.join(value) if isinstance(value, list) else value}`."


def _attribute_docstrings(owner: type) -> Iterator[tuple[str, str]]:
    """Each attribute of a class with the string that stands below it."""
    body = ast.parse(inspect.getsource(owner)).body[0]
    statements = body.body if isinstance(body, ast.ClassDef) else []
    for statement, after in pairwise(statements):
        is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name) and is_text:
            yield statement.targets[0].id, str(after.value.value)  # type: ignore[attr-defined]


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
