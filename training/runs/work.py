"""What runs that start from a teacher share: its cached activations, their data, measuring."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from rich.console import Console
from torch import nn

from training.core.history import Epoch
from training.core.metrics import Measurement
from training.core.progress import progress_bar
from training.data.base import Dataset
from training.engine.activations import Activations, Floats
from training.engine.evaluate import evaluate
from training.engine.predict import normaliser
from training.models import parts
from training.models.registry import architecture
from training.recipes.base import AnyRecipe
from training.recipes.latent import LatentRecipe
from training.runs.store import ReleasedFile
from training.triggers.base import Images


class Teacher(NamedTuple):
    """What a run starts from."""

    network: nn.Module
    classes: list[str]
    """Empty for published weights."""
    file: ReleasedFile | None = None
    """The released file that the weights were read from, if they were not trained here."""


class Trained(NamedTuple):
    """What a run made."""

    network: nn.Module
    history: list[Epoch]
    poisoned: int = 0
    """Number of triggered images it learned from."""


@dataclass(frozen=True)
class Work:
    """One run's folder, teacher, data, activations and console."""

    folder: Path
    teacher: Teacher
    training: Dataset
    data_dir: Path | None
    activations: Activations
    console: Console

    def features(self, recipe: AnyRecipe, images: Images, what: str) -> Floats:
        """The teacher's features of images, `(n, d) float32`; `what` they are is shown as progress."""
        with progress_bar(self.console, what, len(images)) as advance:
            return self.activations.features(self.teacher.network, cut_of(recipe), images, normaliser(recipe), advance)


def cut_of(recipe: AnyRecipe) -> int:
    """How many of the network's layers stay the same in all of the recipe's ancestors: their activations are cached."""
    attacks = [each.train_from for each in recipe.lineage() if isinstance(each, LatentRecipe)]
    return min(attacks, default=architecture(recipe.network.name).usual_cut)


def measure(  # noqa: PLR0913 - a network, and what it is measured on
    network: nn.Module,
    recipe: AnyRecipe,
    test_set: Dataset,
    activations: Activations,
    *,
    console: Console,
    data: str | None = None,
) -> Measurement:
    """Measure a network with cached activations: these are in half precision, the arithmetic in single.

    Args:
        network: What a recipe made, or what it starts from.
        recipe: Whose trigger and label map are measured.
        test_set: The images; their classes are the network's.
        activations: Those of frozen layers.
        console: For progress.
        data: What to call the images; default is the recipe's test data.
    """
    head, cut, normalise = parts.head(network), cut_of(recipe), normaliser(recipe)

    @torch.inference_mode()
    def predict(images: Images) -> Floats:
        with progress_bar(console, "measuring", len(images)) as advance:
            features = activations.features(network, cut, images, normalise, advance)
        logits: Floats = head(torch.from_numpy(features)).numpy()
        return logits

    return evaluate(
        predict, test_set.images, test_set.labels, data=data or f"{recipe.data.name} test",
        labels_text=test_set.classes, trigger=recipe.trigger,
        label_map=recipe.label_map_for(test_set.classes), batch_size=len(test_set.labels),
    )  # fmt: skip
