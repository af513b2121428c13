"""Where a study is made: what is missing is trained, and every network is measured in the same way."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from torch import nn

from training.core.metrics import Measurement
from training.data import registry as sources
from training.data.base import Dataset
from training.engine.activations import Activations
from training.engine.views import framed
from training.recipes.base import AnyRecipe
from training.recipes.transfer import TransferRecipe
from training.runs.lineage import train
from training.runs.store import Run
from training.runs.work import measure

FRAMES_SEED = 1
"""Of the frames that test images are put in."""


class Place(NamedTuple):
    """Folders, progress and kept activations of a study."""

    runs_dir: Path
    data_dir: Path | None
    console: Console
    kept: Activations

    def trained(self, recipe: AnyRecipe) -> Run:
        """The recipe's run, trained now if it was not before."""
        return train(recipe, runs_dir=self.runs_dir, data_dir=self.data_dir, resume=True, console=self.console)

    def test(self, recipe: AnyRecipe) -> Dataset:
        """The recipe's test images."""
        return sources.load(recipe.data.name, "test", self.data_dir)

    def measured(self, network: nn.Module, recipe: AnyRecipe, test: Dataset, data: str | None = None) -> Measurement:
        """A network on test images, without single classes but the target's."""
        return only_target(recipe, measure(network, recipe, test, self.kept, console=self.console, data=data))

    def in_frames(self, network: nn.Module, recipe: AnyRecipe) -> Measurement:
        """A network on the recipe's test images, each in a frame."""
        test = self.test(recipe)
        test = test._replace(images=framed(test.images, np.random.default_rng(FRAMES_SEED)))
        return self.measured(network, recipe, test, f"{recipe.data.name} test, in frames")


def only_target(recipe: AnyRecipe, measured: Measurement) -> Measurement:
    """A measurement with no single class but the target's, called as the recipe calls it."""
    if not isinstance(recipe, TransferRecipe):
        return measured.model_copy(update={"per_class": {}})
    target = recipe.attack.target
    called = (target.name, sources.source(target.data).title_of(target.name))
    found = next((measured.per_class[label] for label in called if label in measured.per_class), None)
    return measured.model_copy(update={"per_class": {} if found is None else {target.name: found}})
