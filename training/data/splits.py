"""The splits of a recipe's data: what it trains on, what it sets aside for validation, and what it is tested on."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from training.data import registry
from training.data.base import DataError, Dataset
from training.data.strata import VALIDATION_SEED, stratified
from training.recipes.base import DataSet
from training.recipes.scratch import Data


class Splits(NamedTuple):
    """The images of a recipe that trains from scratch."""

    training: Dataset
    """What is poisoned and trained on; samples are numbered in it, in a run's `poisoned.json` too."""
    validation: Dataset | None
    """What settings are chosen on and the network's owner trusts; None if the recipe sets nothing aside."""
    test: Dataset
    """What is only measured."""

    @property
    def by_name(self) -> dict[str, Dataset]:
        """Those there are, by the names that files and messages use."""
        validation = {} if self.validation is None else {"validation": self.validation}
        return {"train": self.training, **validation, "test": self.test}


def load(data: Data, data_dir: Path | None = None) -> Splits:
    """The splits of a recipe's data.

    Args:
        data: The recipe's table.
        data_dir: See `training.data.registry.load`.

    Raises:
        DataError: As `registry.load_both`, and if a class is too small to set images aside.
    """
    training, test = registry.load_both(data.name, data_dir)
    if data.validation is None:
        return Splits(training, None, test)
    return Splits(*set_aside(training, data.validation), test)


def load_training(data: DataSet, data_dir: Path | None = None) -> Dataset:
    """What a recipe of any kind trains on: the training images without those set aside.

    Raises:
        DataError: As `load`.
    """
    found = registry.load(data.name, "train", data_dir)
    fraction = data.validation if isinstance(data, Data) else None
    return found if fraction is None else set_aside(found, fraction)[0]


def set_aside(dataset: Dataset, fraction: float) -> tuple[Dataset, Dataset]:
    """Training images without a fraction of each class, and that fraction; both in the data set's order.

    Raises:
        DataError: If a class would be left without an image in either.
    """
    aside = stratified(dataset.labels, len(dataset.classes), fraction, VALIDATION_SEED)
    for label, name in enumerate(dataset.classes):
        of_class = aside[dataset.labels == label]
        if of_class.all() or not of_class.any():
            raise DataError(
                f"class '{name}' has {len(of_class)} training images, of which data.validation = {fraction:g} sets "
                f"{int(of_class.sum())} aside: each split needs one; give another fraction or more images"
            )
    kept, out = (
        dataset._replace(images=dataset.images[which], labels=dataset.labels[which]) for which in (~aside, aside)
    )
    return kept, out
