"""The recipe of a student: ordinary transfer learning on clean data, from a teacher that may carry a backdoor."""

from __future__ import annotations

from typing import Literal

from training.recipes.base import Part
from training.recipes.derived import DerivedRecipe, HeadTraining, ImageData, Target
from training.triggers.base import Trigger
from training.triggers.labels import AllToOne, AnyLabelMap
from training.triggers.registry import AnyTrigger


class Control(Part):
    """The trigger and target with which attack success is measured, on a network that may be clean."""

    trigger: AnyTrigger
    target: Target


class TransferRecipe(DerivedRecipe):
    """Ordinary transfer learning: the teacher's layers frozen, a new classification layer trained on clean data."""

    kind: Literal["transfer"] = "transfer"
    data: ImageData
    keep_head: bool = False
    """Whether to start from the teacher's classification layer, reduced to the data's classes."""
    head: HeadTraining = HeadTraining()
    attack: Control
    """The attack that is measured. In a file, the name of a latent recipe stands for its trigger and target."""

    @property
    def trigger(self) -> Trigger:
        """The trigger that is measured."""
        return self.attack.trigger

    @property
    def poison_rate(self) -> float:
        """0: a student learns from clean images only."""
        return 0.0

    @property
    def backdoored(self) -> bool:
        """Whether the teacher carries a backdoor, which its students inherit."""
        return self.parent is not None and self.parent.backdoored

    def label_map_for(self, classes: list[str]) -> AnyLabelMap | None:
        """Every class becomes the target; None if the target is not among the classes."""
        wanted = self.attack.target.name
        return AllToOne(target=classes.index(wanted)) if wanted in classes else None
