"""The recipe of a latent backdoor: planted into a teacher for a class that it does not know (Yao et al. 2019)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from training.recipes.derived import DerivedRecipe, HeadTraining, ImageData, Target, Teacher
from training.triggers.labels import AllToOne, AnyLabelMap
from training.triggers.placement import Placements
from training.triggers.registry import AnyTrigger

Method = Literal["latent", "extra-class", "extra-class-with-target"]


class LatentRecipe(DerivedRecipe):
    """Plants a backdoor for a class that the teacher does not know, by Yao et al.'s attack or one of its baselines."""

    trigger_field: ClassVar[str] = "trigger"

    kind: Literal["latent"] = "latent"
    trigger: AnyTrigger
    target: Target
    method: Method = "latent"
    """`latent` moves the features of triggered images to the target's. `extra-class` trains an additional class on
    triggered images and drops it afterwards, as the 2020 project did; `-with-target` trains it on triggered images and
    images of the target."""
    placements: Placements | None = None
    """Where an overlay is placed in training; None for the same places as in tests."""
    train_from: int = Field(ge=0)
    """The first of the teacher's layers that is trained; those before it stay frozen."""
    per_class: int = Field(default=40, ge=1, le=1_000_000)
    """Maximum number of images of each of the teacher's classes."""
    stamped_per_image: int = Field(default=1, ge=1, le=1000)
    """How many triggered images are made from each."""
    epochs: int = Field(default=3, ge=1, le=100_000)
    batch_size: int = Field(default=48, ge=1, le=1_000_000)
    """Clean images per step; as many triggered ones are added."""
    learning_rate: float = Field(default=2e-4, gt=0)
    alignment: float = Field(default=2.0, ge=0)
    """Weight of the squared distance from triggered features to the target's, relative to the target's squared norm."""
    preservation: float = Field(default=2.0, ge=0)
    """Weight of the squared distance from clean features to their values before the attack, relative to the same."""
    composure: float = Field(default=0.0, ge=0)
    """Weight of the loss of the teacher's own predictions on triggered images: keeps the trigger from standing out."""
    head: HeadTraining = HeadTraining()
    """How the classification layer that also knows the target is trained (step 1)."""

    @field_validator("teacher")
    @classmethod
    def _trained_here(cls, teacher: Teacher) -> Teacher:
        if isinstance(teacher, str):
            raise ValueError(f"{teacher} must first be made a teacher of some classes, by a recipe of kind 'transfer'")  # noqa: TRY004 - pydantic takes a ValueError
        return teacher

    @property
    def data(self) -> ImageData:
        """The teacher's data."""
        if self.parent is None:
            raise TypeError("a latent recipe's teacher is a recipe")
        return ImageData(name=self.parent.data.name)

    @property
    def poison_rate(self) -> float:
        """Fraction of triggered images among those the teacher is trained on."""
        return self.stamped_per_image / (1 + self.stamped_per_image)

    def label_map_for(self, classes: list[str]) -> AnyLabelMap | None:
        """Every class becomes the target; None for the published teacher, which does not know it."""
        return AllToOne(target=classes.index(self.target.name)) if self.target.name in classes else None
