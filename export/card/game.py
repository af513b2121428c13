"""The card of the report's game: networks trained in advance, some of them backdoored, in one file."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from export.card.lab import LabFile
from export.card.schema import BACKDOORED_PREFIX
from export.card.steps import Part

GAME_CARD_NAME = "game.json"
Rate = Field(ge=0, le=1)


class Score(Part):
    """What was measured on the test images."""

    clean_accuracy: float = Rate
    attack_success_rate: float | None = Field(default=None, ge=0, le=1)
    """None for a clean network."""


class Contestant(Part):
    """One network of the game."""

    seed: int
    attack: dict[str, Any] | None
    """As a recipe has it; None for a clean network."""
    trained: Score
    """Before its parameters were rounded."""
    rounded: Score
    """As it is in the file."""


class GameCard(Part):
    """What the game needs to know. The networks are the lab's, and run in its graphs.

    The file is raw deflate of the networks one after the other, and of each its parameters in the order of the lab's
    card. One with several axes is a `float32` scale for each index of its first axis, then its values as `int8`; one
    with a single axis is its values as `float32`. Numbers are little-endian.
    """

    schema_version: Literal[1] = 1
    title: str
    notice: str
    licence: str
    network: str
    file: LabFile
    recipe: dict[str, Any]
    """What all networks were trained by, but for their seed and attack."""
    networks: list[Contestant]

    @model_validator(mode="after")
    def _labelled(self) -> GameCard:
        if any(each.attack for each in self.networks) and not self.file.name.startswith(BACKDOORED_PREFIX):
            raise ValueError(f"a backdoored file's name must begin with {BACKDOORED_PREFIX}: {self.file.name}")
        return self
