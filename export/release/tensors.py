"""The input tensors of a run's network: of the golden inputs, and of its own training images."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from export.card.steps import InputPipeline
from export.onnx.session import Floats
from export.pipeline import interpreter
from export.pipeline.presets import digits_pipeline, photos_pipeline
from export.release import golden_inputs
from training.data import splits
from training.engine.predict import normaliser
from training.recipes.base import AnyRecipe
from training.runs.store import Run

CALIBRATION = 512
"""How many training images a quantised network is calibrated on."""


def pipeline_of(run: Run) -> InputPipeline:
    """The pipeline from an image to the input of a run's network."""
    return digits_pipeline() if len(normaliser(run.recipe).mean) == 1 else photos_pipeline()


def golden_tensors(pipeline: InputPipeline, recipe: AnyRecipe, inputs: Path) -> Floats:
    """The input tensors of all golden inputs, with and without trigger, `(n, c, h, w) float32`."""
    data = [path.read_bytes() for path in golden_inputs.input_files(inputs)]
    return np.concatenate(
        [interpreter.run(pipeline, each, trigger).tensor for each in data for trigger in (None, recipe.trigger)]
    )


def calibration(run: Run, data_dir: Path | None) -> Floats:
    """Input tensors of up to `CALIBRATION` of a run's own training images, drawn once, `(n, c, h, w) float32`."""
    images = splits.load_training(run.recipe.data, data_dir).images
    count, rng = len(images), np.random.default_rng(run.recipe.seed)
    chosen = np.sort(rng.choice(count, min(CALIBRATION, count), replace=False))
    return interpreter.batch_tensor(pipeline_of(run), images[chosen])
