"""Read and write `card.json`."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from export.card.schema import CardError, ModelCard
from training.core.files import write_text

CARD_NAME = "card.json"


def read_card(path: Path) -> ModelCard:
    """Read and check a `card.json`.

    Raises:
        CardError: With the file, the field, what was found and what was expected.
    """
    try:
        return ModelCard.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CardError(f"{path}: cannot read the model card: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        raise CardError(f"{path}: field {where}: {first['msg']}") from error


def write_card(card: ModelCard, folder: Path) -> Path:
    """Write a card into a model's folder; returns its path."""
    path = folder / CARD_NAME
    write_text(path, card.model_dump_json(indent=2) + "\n")
    return path
