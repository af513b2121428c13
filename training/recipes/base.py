"""What recipes of every kind have in common: a name, a seed, a hash, and what a kind must define.

A recipe is a TOML file, `training/recipes/<name>.toml` or any path. Its hash names the run. A field that is added to a
schema must default to None and mean "as before": fields that are None are left out of the hash, so that recipes written
earlier keep their name.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from training.core.errors import UserError
from training.recipes import former
from training.triggers.base import Seed, Trigger
from training.triggers.labels import AnyLabelMap

Fraction = Annotated[float, Field(ge=0, le=1)]

_NOT_HASHED = frozenset({"title", "description", "rgba"})
"""Fields that do not change the result. `rgba` is an artwork's packed pixels, whose own hash is a field beside it."""


class RecipeError(UserError):
    """A recipe that is missing, unreadable or breaks the schema."""


class Part(BaseModel):
    """A table of a recipe: immutable; unknown fields are errors, and so are numbers that are not finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Network(Part):
    """Which network."""

    name: str
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Fraction of the hidden layer's activations that is dropped in training."""
    feature_dropout: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Fraction of the features before the hidden layer that is dropped in training; None for none."""


class DataSet(Part):
    """Which data set."""

    name: str
    """As `training.data.registry.parts` takes it."""


class AnyRecipe(Part, ABC):
    """A recipe of any kind: everything that decides what a training run makes."""

    trigger_field: ClassVar[str] = "attack.trigger"
    """Where the trigger stands in this kind of recipe, for error messages."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str = Field(default_factory=lambda fields: _title(fields.get("name", "")))
    """What people call the network; by default made from the name. Not part of the hash."""
    description: str = ""
    """A sentence about it. Not part of the hash."""
    seed: Seed = 0

    if TYPE_CHECKING:  # a field in some kinds, a property in others; pydantic would take an attribute here for a field

        @property
        def data(self) -> DataSet:
            """What the network is trained and tested on."""

        @property
        def network(self) -> Network:
            """The network's architecture."""

        @property
        def trigger(self) -> Trigger:
            """The trigger that is planted or, for a clean network, measured as the control."""

    @property
    def parent(self) -> AnyRecipe | None:
        """The teacher's recipe; None if the network starts from random or from published weights."""
        return None

    @property
    @abstractmethod
    def poison_rate(self) -> float:
        """Fraction of the training images that is poisoned, or of the target's if labels stay true; 0 if clean."""

    @property
    def backdoored(self) -> bool:
        """Whether the network carries a backdoor."""
        return self.poison_rate > 0

    @abstractmethod
    def label_map_for(self, classes: list[str]) -> AnyLabelMap | None:
        """The attacker's label map for a network with these classes; None if it lacks the attacker's target."""

    def with_seed(self, seed: int) -> Self:
        """The recipe, and those it builds on, with another seed."""
        return self.model_copy(update={"seed": seed})

    def lineage(self) -> list[AnyRecipe]:
        """The recipe and those it builds on, itself first."""
        found: list[AnyRecipe] = [self]
        while (parent := found[-1].parent) is not None:
            found.append(parent)
        return found

    @property
    def canonical(self) -> str:
        """The JSON text that is hashed: every field that affects the result, by its original name, keys sorted."""
        fields = former.original(self.model_dump(mode="json", exclude_none=True))
        return json.dumps(_without(fields, _NOT_HASHED), sort_keys=True, separators=(",", ":"))

    @property
    def sha256(self) -> str:
        """SHA-256 of `canonical`."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @property
    def run_name(self) -> str:
        """Name of the run's folder: the recipe's name and the first twelve digits of its hash."""
        return f"{self.name}-{self.sha256[:12]}"


def _title(name: str) -> str:
    """`my-attack` to `My attack`."""
    return name.replace("-", " ").capitalize()


def _without(value: object, names: frozenset[str]) -> object:
    """A JSON value without the fields of those names, at any depth."""
    if isinstance(value, dict):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    return [_without(inner, names) for inner in value] if isinstance(value, list) else value
