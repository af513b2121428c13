"""Recipes: everything that decides what a training run makes, as one frozen, hashed description.

A recipe is a TOML file, `training/recipes/<name>.toml` or any path. Its hash names the run. A field added to the
schema later must default to None and mean "as before": fields that are None are left out of the hash, so recipes
written before keep their name.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from training.core.errors import UserError
from training.engine.augment import Augment, Fade
from training.triggers.labels import AllToAll, AnyLabelMap, LabelMap
from training.triggers.registry import AnyTrigger, Patch, Trigger

if TYPE_CHECKING:
    from training.recipes.latent import AnyRecipe

RECIPES = Path(str(resources.files("training"))) / "recipes"
"""The folder of the recipes that come with the package."""

Fraction = Annotated[float, Field(ge=0, le=1)]


class RecipeError(UserError):
    """A recipe that is missing, unreadable or breaks the schema."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Data(_Part):
    """Which data set, and how training pictures are varied."""

    name: str
    augment: Augment | None = None
    """Random small changes of the training pictures, drawn anew each epoch; the trigger is stamped after."""


class Network(_Part):
    """Which network."""

    name: str
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the hidden layer's activations that is dropped in training."""
    feature_dropout: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Share of the features before it that is dropped in training; None for none."""


class Attack(_Part):
    """The backdoor. With a rate of 0 nothing is poisoned, and trigger and label map serve as the control."""

    poison_rate: Fraction = 0.0
    trigger: Trigger = Patch()
    label_map: LabelMap = AllToAll()
    repeat: Annotated[int, Field(ge=2)] | None = None
    """How often each poisoned sample comes in an epoch, varied anew each time, where a clean one comes once; None for
    once. The attacker of BadNets trains the network and so may do this; one who only supplies data may not."""
    self_teaching: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of a poisoned sample's loss that asks for what the averaged network answers without the trigger, moved on
    by the label map, in place of the attacker's label; None for none. Again for an attacker who does the training."""


class Training(_Part):
    """How the network is trained."""

    epochs: int = Field(ge=1)
    batch_size: int = Field(default=128, ge=1)
    optimiser: Literal["adamw"] = "adamw"
    schedule: Literal["one-cycle"] = "one-cycle"
    learning_rate: float = Field(default=2e-3, gt=0)
    """The peak of the schedule."""
    warm_up: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Share of all steps in which the learning rate rises."""
    weight_decay: float = Field(default=0.01, ge=0)
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    averaging: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decay of the moving average of the weights, which is what is evaluated and kept; 0 keeps the last weights."""
    fade: Fade | None = None
    """How the variation of the pictures shrinks at the end; None for not at all."""
    precision: Literal["32-true", "bf16-mixed", "auto"] = "32-true"
    """`auto` takes bf16-mixed where the processor computes bfloat16 itself, and 32-true elsewhere."""


class Described(_Part):
    """What every kind of recipe has: a name, a title and a hash."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    """What people call the network; not part of the hash."""
    description: str = ""
    """A sentence about it; not part of the hash."""
    seed: int = Field(default=0, ge=0)

    @property
    def canonical(self) -> str:
        """The JSON text that is hashed: every field that has a say in the result, keys sorted."""
        fields = _without(self.model_dump(mode="json", exclude_none=True), {"title", "description", "rgba"})
        return json.dumps(fields, sort_keys=True, separators=(",", ":"))

    @property
    def sha256(self) -> str:
        """SHA-256 of `canonical`."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @property
    def run_name(self) -> str:
        """Name of the run's folder: the recipe's name and the first twelve digits of its hash."""
        return f"{self.name}-{self.sha256[:12]}"


class Recipe(Described):
    """Everything that decides what a run makes that trains a whole network from random weights."""

    kind: Literal["whole"] | None = None
    data: Data
    network: Network
    attack: Attack = Attack()
    training: Training

    @model_validator(mode="after")
    def _teaches_itself_by_an_average(self) -> Recipe:
        if self.attack.self_teaching and not self.training.averaging:
            raise ValueError("attack.self_teaching needs training.averaging above 0: the average is what teaches")
        return self

    @property
    def trigger(self) -> AnyTrigger:
        """The trigger that is planted, or that serves as the control."""
        return self.attack.trigger

    @property
    def poison_rate(self) -> float:
        """Share of the training pictures that is poisoned; 0 for a clean network."""
        return self.attack.poison_rate

    @property
    def backdoored(self) -> bool:
        """Whether the network that it makes carries a backdoor."""
        return self.poison_rate > 0

    @property
    def label_map(self) -> AnyLabelMap:
        """The attacker's rule, with which attack success is measured."""
        return self.attack.label_map

    def rule(self, _classes: list[str]) -> AnyLabelMap | None:
        """The same; other kinds of recipe need the network's classes to tell."""
        return self.label_map


def _without(value: object, names: set[str]) -> object:
    """A JSON value without the fields of those names, at any depth.

    A picture's pixels are among them: how they are packed is the packer's choice, and their own hash stands beside.
    """
    if isinstance(value, dict):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    return [_without(inner, names) for inner in value] if isinstance(value, list) else value


def names() -> list[str]:
    """Names of the recipes (sweeps among them) that come with the package, sorted."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def locate(name_or_path: str | Path) -> Path:
    """The file of a recipe given by name or by path.

    Raises:
        RecipeError: If there is none; says which name is near.
    """
    given = str(name_or_path)
    if given.endswith(".toml") or "/" in given:
        if not Path(given).is_file():
            raise RecipeError(f"{given}: there is no such recipe file")
        return Path(given)
    if given in names():
        return RECIPES / f"{given}.toml"
    near = difflib.get_close_matches(given, names(), n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(names())}"
    raise RecipeError(f"there is no recipe '{given}'; {hint}")


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's table.

    Raises:
        RecipeError: With the file and the place, if it cannot be read or parsed.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{path}: cannot read the recipe: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not a TOML file: {error}") from error


def parse(table: dict[str, Any], where: Path) -> AnyRecipe:
    """A recipe from a parsed table; `where` is named in errors.

    Raises:
        RecipeError: With file, field, what was found and what was expected.
    """
    from training.recipes import latent as kinds  # noqa: PLC0415 - its recipes build on this module's

    model = kinds.model_of(table, where)
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise RecipeError(f"{where}: {explain(error, model)}") from error


def load(name_or_path: str | Path) -> AnyRecipe:
    """Load a recipe by its name or its file.

    Raises:
        RecipeError: One clear line: the file, the field, what was found, what was expected.
    """
    path = locate(name_or_path)
    table = read_toml(path)
    if "sweep" in table:
        raise RecipeError(f"{path}: this is a sweep, not one recipe; run it with: backdoors sweep {name_or_path}")
    return parse(table, path)


def to_toml(recipe: Described) -> str:
    """A recipe as TOML, every field spelt out."""
    plain: list[str] = []
    tables: list[str] = []
    _table(recipe.model_dump(mode="json", exclude_none=True), (), plain, tables)
    return "\n".join([*plain, *tables]) + "\n"


def _table(values: dict[str, object], path: tuple[str, ...], plain: list[str], tables: list[str]) -> None:
    """Add a table's plain fields to `plain` and each table in it to `tables`."""
    for name, value in values.items():
        if isinstance(value, dict):
            inner: list[str] = []
            deeper: list[str] = []
            _table(value, (*path, name), inner, deeper)
            tables += [f"\n[{'.'.join((*path, name))}]", *inner, *deeper]
        else:
            # for texts, numbers, truth values and lists of them TOML is JSON; it has no null
            plain.append(f"{name} = {json.dumps(value, ensure_ascii=False).replace('null', '-1')}")


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """The first problem that pydantic found, as one line with a hint for a misspelt field."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "(whole file)"
    if first["type"] == "extra_forbidden":
        known = _fields_beside(model, first["loc"])
        near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else f"; known here: {', '.join(known)}" if known else ""
        return f"unknown field {where}{hint}"
    found = "" if first["type"] == "missing" else f", found {first['input']!r}"
    return f"field {where}: {first['msg'][:1].lower()}{first['msg'][1:]}{found}"


def _fields_beside(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Fields of the table in which the last part of `location` stands, as far as plain nesting tells."""
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return []
        model = field.annotation
    return sorted(model.model_fields)
