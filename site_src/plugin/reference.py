"""The plugin's own documentation, generated from its schema and options."""

from __future__ import annotations

import json
import re
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from export.card.schema import ModelCard, ModelFile
from export.card.steps import Composite, Decode, InputPipeline, Layout, Normalise, Orient, OutputPipeline, Resize, Scale
from site_src.plugin.config import Options
from site_src.plugin.widgets.registry import KINDS


def block_reference(fence: str) -> str:
    """The keys of a kind of block, in Markdown tables."""
    return "\n\n".join(f"### {title}\n\n{_fields('Key', schema)}" for title, schema in KINDS[fence].tables)


def plugin_reference() -> str:
    """The plugin's options, in a Markdown table."""
    return _fields("Option", Options)


def minimal_card() -> str:
    """A model card with the required fields only, of a classifier of colour photos, as a code block."""
    card = ModelCard(
        id="my-model",
        title="My model",
        description="One sentence on what the model classifies.",
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


def _fields(heading: str, schema: type[BaseModel]) -> str:
    rows = [f"| {heading} | Meaning |", "| --- | --- |"]
    for name, field in sorted(schema.model_fields.items(), key=lambda item: not item[1].is_required()):
        default = " **Required.**" if field.is_required() else _default(field.default)
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
    return {str: "text", int: "number", bool: "`true`, `false`", Path: "path"}.get(annotation, str(annotation))


def _default(value: object) -> str:
    """A sentence on the default; empty for values that say nothing."""
    if value is None or value in ([], ""):
        return ""
    if isinstance(value, bool):
        return f" Default: `{str(value).lower()}`."
    return f" Default: `{', '.join(value) if isinstance(value, list) else value}`."


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
