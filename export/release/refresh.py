"""A released model's card with today's pipeline, its ONNX files as they are."""

from __future__ import annotations

from pathlib import Path

from export.card import schema as cards
from export.card.io import write_card
from export.errors import ExportError
from export.pipeline.presets import digits_pipeline
from export.release import golden_file, golden_inputs, golden_vectors
from export.release.models import Model


def refresh(model: Model, inputs: Path = golden_inputs.INPUTS) -> cards.ModelCard:
    """Give a digits model's card today's pipeline and new golden vectors; its ONNX files stay as they are.

    Raises:
        ExportError: If the model is not one that takes 28x28 digits.
    """
    pipeline = digits_pipeline().model_copy(update={"tensor": model.card.input.tensor})
    old = model.card.input
    if (old.height, old.width, old.channels) != (pipeline.height, pipeline.width, pipeline.channels):
        raise ExportError(
            f"model {model.card.id} takes {old.height}x{old.width}x{old.channels} images; only digits models "
            f"({pipeline.height}x{pipeline.width}x{pipeline.channels}) share a pipeline that can be refreshed"
        )
    card = model.card.model_copy(update={"input": pipeline})
    fresh = golden_vectors.make(Model(card, model.folder), inputs)
    write_card(card, model.folder)
    golden_file.write(fresh, model.folder)
    return card
