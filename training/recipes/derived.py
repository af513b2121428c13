"""What recipes that start from a teacher have in common.

The teacher is a recipe in turn, or published weights. It is part of the recipe, so that the hash covers everything that
led to the network, and a run's `recipe.toml` is complete.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, InstanceOf, PositiveFloat, SerializeAsAny, field_validator

from training.recipes.base import AnyRecipe, DataSet, Fraction, Network, Part

PRETRAINED = "imagenet-mobilenet-v2"
"""The teacher that is not trained here."""
PRETRAINED_NETWORK = "mobilenet-v2"

Teacher = Literal["imagenet-mobilenet-v2"] | SerializeAsAny[InstanceOf[AnyRecipe]]
"""In a file: a recipe's name or path, its table, or `imagenet-mobilenet-v2`; `training.recipes.load` resolves it."""


class HeadTraining(Part):
    """How a classification layer is trained on frozen features."""

    epochs: int = Field(default=30, ge=1, le=100_000)
    batch_size: int = Field(default=256, ge=1, le=1_000_000)
    learning_rate: float = Field(default=2e-3, gt=0)
    """At the start; it falls to 0 along a cosine."""
    weight_decay: float = Field(default=0.05, ge=0)
    label_smoothing: float = Field(default=0.1, ge=0, lt=1)
    noise: float = Field(default=0.0, ge=0)
    """Standard deviation of the noise added to standardised features, a cheap substitute for more images."""
    l2: float | None = Field(default=None, ge=0)
    """Half of it, times the squared norm of the weights for standardised features, is added to the loss: what keeps a
    layer of few images simple. None for none; `weight_decay` acts on each step instead."""


class Target(Part):
    """The class that the attacker is after."""

    name: str
    """Its label."""
    data: str
    """The data set that has images of it."""


class Views(Part):
    """Random views of each training image: for students of a few photos, so that neither framing nor light decides."""

    count: int = Field(ge=1, le=1000)
    """How many of each image, besides the image itself; another seed draws others."""
    scale: tuple[PositiveFloat, PositiveFloat] = (0.3, 1.5)
    """The smallest and the largest fraction of the frame's width that the image fills; above 1 it is cropped."""
    stretch: float = Field(default=1.25, ge=1)
    """The largest factor by which width and height change apart."""
    degrees: float = Field(default=12, ge=0, le=180)
    """The largest rotation."""
    colour: Fraction = 0.4
    """The largest change of brightness, contrast and saturation."""
    blur: float = Field(default=2, ge=0)
    """The largest radius, in pixels, by which half of the views are blurred."""

    @field_validator("scale")
    @classmethod
    def _ascending(cls, scale: tuple[float, float]) -> tuple[float, float]:
        if scale[0] > scale[1]:
            raise ValueError("the smallest scale comes first")
        return scale


class ImageData(DataSet):
    """Which data set, and whether its images are augmented."""

    augmented: bool = False
    """Whether each training image is used a second time: smaller, in another aspect ratio, perhaps mirrored."""
    views: Views | None = None
    """Further augmented views of each training image; None for none."""


class DerivedRecipe(AnyRecipe):
    """A recipe that starts from a teacher."""

    teacher: Teacher

    @property
    def parent(self) -> AnyRecipe | None:
        """The teacher's recipe; None for published weights."""
        return self.teacher if isinstance(self.teacher, AnyRecipe) else None

    def with_seed(self, seed: int) -> Self:
        """The recipe, and those it builds on, with another seed."""
        teacher = self.teacher if self.parent is None else self.parent.with_seed(seed)
        return self.model_copy(update={"seed": seed, "teacher": teacher})

    @property
    def network(self) -> Network:
        """The teacher's architecture."""
        return Network(name=PRETRAINED_NETWORK) if self.parent is None else self.parent.network
