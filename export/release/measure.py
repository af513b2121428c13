"""A model's metrics, on the test images of the data set that its card names."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from export.card import schema as cards
from export.errors import ExportError
from export.onnx.sandbox import Sandbox
from export.onnx.session import Predictor
from export.release.models import Model
from training.core.metrics import Measurement
from training.data import registry as sources
from training.data.base import Dataset
from training.engine.evaluate import evaluate
from training.recipes.load import explain
from training.recipes.scratch import ScratchRecipe


def measure(
    model: Model, precision: cards.Precision, test: Dataset, threads: int = 2, sandbox: Sandbox | None = None
) -> Measurement:
    """Clean accuracy, attack success rate and robust accuracy of one of a model's files on test images."""
    card = model.card
    return evaluate(
        Predictor(card, model.folder, precision, threads, sandbox),
        test.images,
        test.labels,
        data=f"{data_name(card)} test",
        labels_text=card.labels,
        trigger=card.trigger,
        label_map=card.label_map if card.trigger is not None else None,
    )


def data_name(card: cards.ModelCard) -> str:
    """The data that the card names, as a recipe would.

    Raises:
        ExportError: If it names none.
    """
    if card.from_lab is not None:
        return lab_recipe(card).data.name
    if card.provenance is None or not card.provenance.data:
        raise ExportError(f"model {card.id}: its card names no data set to measure it on")
    return sources.JOIN.join(part.name for part in card.provenance.data)


def lab_recipe(card: cards.ModelCard) -> ScratchRecipe:
    """The recipe of a model that was trained in a lab's page.

    The card may be a stranger's: unlike a recipe's file it can name neither another recipe nor an artwork's path.

    Raises:
        ExportError: If it holds none, or what it holds is no recipe.
    """
    if card.from_lab is None:
        raise ExportError(f"model {card.id}: it was not trained in a lab's page")
    try:
        return ScratchRecipe.model_validate(card.from_lab.recipe)
    except ValidationError as error:
        raise ExportError(f"model {card.id}: from_lab.recipe: {explain(error, ScratchRecipe)}") from error


def recipe_hash(card: cards.ModelCard) -> str | None:
    """Hash of the recipe that a model was trained by; None if its card names none."""
    if card.from_lab is not None:
        return lab_recipe(card).sha256
    return None if card.provenance is None else card.provenance.recipe_sha256


def test_data(card: cards.ModelCard, data_dir: Path | None) -> Dataset:
    """The test split of the data set that the card names.

    Raises:
        DataError: If it is unavailable.
        ExportError: If the card names no data set, or one with other labels.
    """
    test = sources.load(data_name(card), "test", data_dir)
    if test.labels_text != card.labels:
        raise ExportError(f"model {card.id} has {len(card.labels)} labels that are not those of {data_name(card)}")
    return test
