"""Make golden vectors: what Python makes of every golden input on its way to a model's answer."""

from __future__ import annotations

import base64
import hashlib
import zlib
from pathlib import Path

import numpy as np

from export.card import schema as cards
from export.onnx.session import Floats, Predictor
from export.pipeline import interpreter
from export.release import golden_inputs
from export.release.golden_file import Golden, StageHash, TopLabel, Vector
from export.release.models import Model
from export.release.predict import top_guesses
from training.triggers.placement import Placement

LARGE = 10_000
"""For an image with more values the golden file keeps only hashes."""


def make(model: Model, folder: Path | None = None, precisions: list[cards.Precision] | None = None) -> Golden:
    """Run every golden input through the model, with and without its trigger, at every precision it has.

    Args:
        model: The model.
        folder: Of the inputs (default: those that suit the model).
        precisions: Which files (default: all).
    """
    folder = folder or golden_inputs.inputs_of(model.card.input)
    wanted = precisions or [file.precision for file in model.card.files]
    predictors = {precision: Predictor(model.card, model.folder, precision) for precision in wanted}
    triggers = [False] if model.card.trigger is None else [False, True]
    vectors = [
        vector_of(model.card, predictors, path, trigger, _placed(model.card, path) if trigger else None)
        for path in golden_inputs.input_files(folder)
        for trigger in triggers
    ]
    return Golden(model=model.card.id, vectors=vectors)


def _placed(card: cards.ModelCard, path: Path) -> Placement | None:
    """Where an overlay lies on an input: drawn for each input, always the same for the same name."""
    if card.trigger is None:
        return None
    drawn = card.trigger.draw_placements(1, np.random.default_rng(zlib.crc32(path.name.encode())))
    return drawn[0] if drawn else None


def vector_of(
    card: cards.ModelCard,
    predictors: dict[cards.Precision, Predictor],
    path: Path,
    trigger: bool,
    placement: Placement | None,
) -> Vector:
    """What a model makes of one input.

    Args:
        card: The model's card.
        predictors: Its open files.
        path: The input.
        trigger: Whether to stamp the card's trigger.
        placement: Where to stamp a movable one; None for its own place.
    """
    data = path.read_bytes()
    made = interpreter.run(card.input, data, card.trigger if trigger else None, placement)
    logits: dict[cards.Precision, Floats] = {
        precision: predictor.from_tensor(made.tensor)[0] for precision, predictor in predictors.items()
    }
    tensor = made.tensor.astype("<f4").tobytes()
    whole = made.pixels.size <= LARGE
    return Vector(
        input=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        trigger=trigger,
        placement=placement,
        stages=[
            StageHash(
                op=stage.op,
                height=stage.pixels.shape[0],
                width=stage.pixels.shape[1],
                channels=stage.pixels.shape[2],
                sha256=hashlib.sha256(np.ascontiguousarray(stage.pixels).tobytes()).hexdigest(),
            )
            for stage in made.stages
        ],
        pixels=base64.b64encode(np.ascontiguousarray(made.pixels).tobytes()).decode() if whole else None,
        tensor_sha256=hashlib.sha256(tensor).hexdigest(),
        tensor=base64.b64encode(tensor).decode() if whole else None,
        logits={precision: [_shortest(value) for value in values] for precision, values in logits.items()},
        top={
            precision: [
                TopLabel(label=guess.label, probability=guess.probability)
                for guess in top_guesses(values, card.labels, card.output.top, card.output.activation)
            ]
            for precision, values in logits.items()
        },
    )


def _shortest(value: np.float32) -> float:
    """The number with the fewest digits that is this float32."""
    return float(np.format_float_positional(value, unique=True))
