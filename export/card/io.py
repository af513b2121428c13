"""Read and write `card.json`."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from export.card.schema import CardError, ModelCard
from training.core.errors import UserError
from training.core.files import write_text
from training.core.reading import TEXT_BYTES, read_bytes
from training.core.text import one_line

CARD_NAME = "card.json"
ModelT = TypeVar("ModelT", bound=BaseModel)
_LONGEST = 500
"""Letters of a field's name or of what is wrong with it that an error repeats: the card may be anybody's."""


def read_card(path: Path) -> ModelCard:
    """Read and check a `card.json`.

    Raises:
        CardError: With the file, the field, what was found and what was expected.
    """
    return read_json(path, ModelCard, "the model card", CardError)


def read_json(path: Path, model: type[ModelT], what: str, refused: type[UserError]) -> ModelT:
    """Read and check a JSON file that lies beside a card, or the card.

    Args:
        path: The file.
        model: Its schema.
        what: What to call it in an error.
        refused: The error to raise if it cannot be read or breaks the schema.
    """
    try:
        # some editors begin a file with a byte order mark; browsers skip it too
        return model.model_validate_json(read_bytes(path, TEXT_BYTES).removeprefix(BOM_UTF8))
    except OSError as error:
        raise refused(f"{path}: cannot read {what}: {error.strerror}") from error
    except ValidationError as error:
        raise refused(f"{path}: {first_problem(error)}") from error


def first_problem(error: ValidationError) -> str:
    """The first thing that pydantic found wrong, with its field, short and on one line."""
    first = error.errors(include_input=False)[0]
    where = one_line(".".join(str(part) for part in first["loc"]) or "(whole file)")[:_LONGEST]
    return f"field {where}: {one_line(first['msg'])[:_LONGEST]}"


def card_text(card: ModelCard) -> str:
    """A card as it is written, signed and served: with every default filled in."""
    return card.model_dump_json(indent=2) + "\n"


def write_card(card: ModelCard, folder: Path) -> Path:
    """Write a card into a model's folder; returns its path."""
    path = folder / CARD_NAME
    write_text(path, card_text(card))
    return path
