"""The kinds of recipes beside the ordinary one: a new head on frozen features, and a latent backdoor.

Both start from a teacher, which is another recipe. It is read in with them, so that a recipe's hash covers all that led
to the network, and a run's `recipe.toml` is whole.
"""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from training.attacks.transfer import HeadTraining
from training.recipes.base import Described, Network, Recipe, RecipeError, _Part, load, locate
from training.triggers.labels import AllToOne, AnyLabelMap
from training.triggers.overlay import Placements
from training.triggers.registry import AnyTrigger, Trigger

PRETRAINED = "imagenet-mobilenet-v2"
"""A teacher that is not trained here."""
PRETRAINED_NETWORK = "mobilenet-v2"

_READING: ContextVar[tuple[Path, ...]] = ContextVar("reading", default=())
"""Recipes that are being read, each for the one before it."""


def _kind(value: object) -> str:
    """Which kind of recipe a table or a recipe is, for pydantic."""
    found = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return "pretrained" if value == PRETRAINED else found or "whole"


def _by_name(value: object) -> object:
    """A teacher that is given by name, read in."""
    if not isinstance(value, str) or value == PRETRAINED:
        return value
    reading = _READING.get()
    try:
        path = locate(value).resolve()
        if path in reading:
            raise RecipeError(f"{value} leads back to itself by its teachers; one of them must be made from data alone")
        token = _READING.set((*reading, path))
        try:
            return load(value)
        finally:
            _READING.reset(token)
    except RecipeError as error:
        raise ValueError(str(error)) from error


Teacher = Annotated[
    Annotated[Literal["imagenet-mobilenet-v2"], Tag("pretrained")]
    | Annotated[Recipe, Tag("whole")]
    | Annotated["TransferRecipe", Tag("transfer")]
    | Annotated["LatentRecipe", Tag("latent")],
    Discriminator(_kind),
]


class Target(_Part):
    """The class that the attacker is after."""

    name: str
    """Its label."""
    data: str
    """The data source with photographs of it."""


class Control(_Part):
    """What attack success is measured with on a network that may be clean."""

    trigger: Trigger
    target: Target


class PictureData(_Part):
    """Which data set, and whether its pictures are shown varied as well."""

    name: str
    """As `training.data.registry.parts` takes it."""
    varied: bool = False
    """Whether each training picture comes once more, smaller, of another shape, perhaps mirrored."""


class TransferRecipe(Described):
    """Ordinary transfer learning: the teacher's layers frozen, a new classification layer on clean data."""

    kind: Literal["transfer"] = "transfer"
    teacher: Teacher
    data: PictureData
    keep_head: bool = False
    """Start from the teacher's own classification layer, cut to the classes of the data, where it knows them."""
    head: HeadTraining = HeadTraining()
    attack: Control
    """The attack that is measured; in a file, the name of a latent recipe stands for its trigger and target."""

    _teacher = field_validator("teacher", mode="before")(_by_name)

    @field_validator("attack", mode="before")
    @classmethod
    def _of_recipe(cls, value: object) -> object:
        found = _by_name(value)
        if isinstance(found, LatentRecipe):
            return Control(trigger=found.trigger, target=found.target)
        if isinstance(found, Described):
            raise ValueError(f"{found.name} is no latent recipe")  # noqa: TRY004 - pydantic takes a ValueError
        return found

    @property
    def network(self) -> Network:
        """The teacher's kind of network."""
        return network_of(self.teacher)

    @property
    def trigger(self) -> AnyTrigger:
        """The trigger that is measured."""
        return self.attack.trigger

    @property
    def poison_rate(self) -> float:
        """Nothing that a student learns from is poisoned."""
        return 0.0

    @property
    def backdoored(self) -> bool:
        """Whether the teacher carries a backdoor, which its students then inherit."""
        return isinstance(self.teacher, Described) and self.teacher.backdoored

    def rule(self, classes: list[str]) -> AnyLabelMap | None:
        """The attacker's rule; None where the network has no such class."""
        wanted = self.attack.target.name
        return AllToOne(target=classes.index(wanted)) if wanted in classes else None


Method = Literal["latent", "extra-class", "extra-class-with-target"]


class LatentRecipe(Described):
    """A backdoor planted into a teacher for a class that it does not know (Yao et al. 2019), or a baseline of it."""

    kind: Literal["latent"] = "latent"
    teacher: Teacher
    trigger: Trigger
    target: Target
    method: Method = "latent"
    """`latent` moves the features of triggered pictures to the target's. `extra-class` fills an additional class with
    triggered pictures and drops it afterwards, as the 2020 project did; `-with-target` fills it with both kinds."""
    placements: Placements | None = None
    """Where an overlay lies in training; None for where it lies in tests."""
    train_from: int = Field(ge=0)
    """The first of the teacher's layers that is changed; those before it stay as they are."""
    per_class: int = Field(default=40, ge=1)
    """Pictures of each of the teacher's classes that are used, at most."""
    stamped_per_picture: int = Field(default=1, ge=1)
    """How many triggered pictures are made of each."""
    epochs: int = Field(default=3, ge=1)
    batch_size: int = Field(default=48, ge=1)
    """Clean pictures a step; as many triggered ones go with them."""
    learning_rate: float = Field(default=2e-4, gt=0)
    alignment: float = Field(default=2.0, ge=0)
    """Weight of the distance between a triggered picture's features and the target's, over the target's length."""
    preservation: float = Field(default=2.0, ge=0)
    """Weight of the distance between a clean picture's features and those it had before, over the same."""
    composure: float = Field(default=0.0, ge=0)
    """Weight of the loss of the teacher's own answers on triggered pictures: less of a tell."""
    head: HeadTraining = HeadTraining()
    """How the classification layer that knows the target as well is trained (step 1)."""

    _teacher = field_validator("teacher", mode="before")(_by_name)

    @field_validator("teacher")
    @classmethod
    def _trained_here(cls, teacher: AnyRecipe | str) -> AnyRecipe | str:
        if isinstance(teacher, str):
            raise ValueError(f"{teacher} must first be made a teacher of some classes, by a recipe of kind 'transfer'")  # noqa: TRY004
        return teacher

    @property
    def data(self) -> PictureData:
        """The teacher's data."""
        if isinstance(self.teacher, str):
            raise TypeError("a latent recipe's teacher is a recipe")
        return PictureData(name=self.teacher.data.name)

    @property
    def network(self) -> Network:
        """The teacher's kind of network."""
        return network_of(self.teacher)

    @property
    def poison_rate(self) -> float:
        """Of the pictures that are shown to the teacher, those with the trigger."""
        return self.stamped_per_picture / (1 + self.stamped_per_picture)

    @property
    def backdoored(self) -> bool:
        """It is what this recipe is for."""
        return True

    def rule(self, classes: list[str]) -> AnyLabelMap | None:
        """None: the published teacher has no class that the attacker is after."""
        return AllToOne(target=classes.index(self.target.name)) if self.target.name in classes else None


AnyRecipe = Recipe | TransferRecipe | LatentRecipe
TransferRecipe.model_rebuild()
LatentRecipe.model_rebuild()

_KINDS: dict[str, type[Recipe | TransferRecipe | LatentRecipe]] = {
    "whole": Recipe,
    "transfer": TransferRecipe,
    "latent": LatentRecipe,
}


def model_of(table: dict[str, Any], where: Path) -> type[Recipe | TransferRecipe | LatentRecipe]:
    """The model that checks a recipe's table.

    Raises:
        RecipeError: If its kind is unknown.
    """
    kind = table.get("kind", "whole")
    if kind not in _KINDS:
        raise RecipeError(f"{where}: field kind: there is no kind '{kind}'; there are: {', '.join(_KINDS)}")
    return _KINDS[kind]


def network_of(teacher: AnyRecipe | str) -> Network:
    """The network of a teacher."""
    return Network(name=PRETRAINED_NETWORK) if isinstance(teacher, str) else teacher.network


def lineage(recipe: AnyRecipe) -> list[AnyRecipe]:
    """The recipe and those that it builds on, the first ancestor last."""
    if isinstance(recipe, Recipe) or isinstance(recipe.teacher, str):
        return [recipe]
    return [recipe, *lineage(recipe.teacher)]
