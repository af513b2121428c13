"""From a released model to the subject that defences examine: by its card alone, through onnxruntime."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from export.card.schema import ModelCard
from export.onnx.session import Predictor
from export.release.measure import data_name, recipe_hash, test_data
from export.release.models import Model
from training.defences.base import Need, Samples, Subject
from training.studies.subject import hold_out, measured_on

THREADS = 2


def of_model(model: Model, *, data_dir: Path | None = None) -> Subject:
    """One of a model's ONNX files as a subject: it answers, but has no gradients, and brings no training data.

    Args:
        model: The model; its card names the data set that it is measured on.
        data_dir: Folder with the data; see `training.data.registry.load`.

    Raises:
        ExportError: If the file cannot be loaded, or its card names no data set.
    """
    card, file = model.card, model.card.file(model.precision)

    @cache
    def held_out() -> tuple[Samples, Samples]:
        return hold_out(test_data(card, data_dir))

    return Subject(
        name=card.id,
        sha256=file.sha256,
        recipe_sha256=recipe_hash(card),
        classes=card.labels,
        backdoored=card.backdoor is not None,
        predict=Predictor(card, model.folder, file.precision, THREADS),
        data=measured_on(data_name(card)),
        load_clean=lambda: held_out()[0],
        load_test=lambda: held_out()[1],
        trigger=card.trigger,
        label_map=card.label_map if card.trigger is not None else None,
        absent=_absent(card),
    )


def _absent(card: ModelCard) -> dict[Need, str]:
    """What defences need and a model does not bring, with what to do."""
    exported, trained = "name the run that it was exported from instead", "name the run instead"
    if card.from_lab is not None:
        exported = "name the run that `backdoors restore` makes of it"
        trained = "name the run that `backdoors train` makes of its recipe"
    return {
        Need.NETWORK: f"an ONNX file only answers; {exported}",
        Need.TRAINING: f"a card names the data set, not which images were poisoned; {trained}",
    }
