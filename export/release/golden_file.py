"""The format of golden.json: what Python makes of every golden input on its way to a model's answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from export.card.io import read_json
from export.card.schema import Precision
from export.errors import ExportError
from training.core.files import write_text
from training.triggers.placement import Placement

GOLDEN_NAME = "golden.json"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StageHash(_Part):
    """The image after a uint8 step: its shape and the SHA-256 of its bytes in row-major `(h, w, c)` order."""

    op: str
    height: int
    width: int
    channels: int
    sha256: str


class TopLabel(_Part):
    """One of the likeliest labels."""

    label: str
    probability: float


class Vector(_Part):
    """Everything on the way from one input file to the answers."""

    input: str
    sha256: str
    trigger: bool
    placement: Placement | None = None
    """Where a movable trigger lies; None for other triggers, and without the trigger."""
    stages: list[StageHash]
    pixels: str | None = None
    """Base64 of the final uint8 image, `(h, w, c)`; omitted for a large one: the last stage's hash identifies it."""
    tensor_sha256: str
    tensor: str | None = None
    """Base64 of the input tensor, float32, little-endian; omitted for a large image."""
    logits: dict[Precision, list[float]]
    top: dict[Precision, list[TopLabel]]


class Golden(_Part):
    """A model's golden vectors."""

    schema_version: Literal[1] = 1
    model: str
    vectors: list[Vector] = Field(min_length=1)


def write(golden: Golden, folder: Path) -> Path:
    """Write `golden.json`, a vector a line, and return its path."""
    lines = ",\n".join(
        json.dumps(vector.model_dump(exclude_none=True), separators=(",", ":")) for vector in golden.vectors
    )
    head = f'{{"schema_version":{golden.schema_version},"model":{json.dumps(golden.model)},"vectors":[\n'
    path = folder / GOLDEN_NAME
    write_text(path, f"{head}{lines}\n]}}\n")
    return path


def read(folder: Path) -> Golden:
    """Read a model's golden vectors.

    Raises:
        ExportError: With the file and what is wrong with it.
    """
    return read_json(folder / GOLDEN_NAME, Golden, "the golden vectors", ExportError)
