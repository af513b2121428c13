"""A model's answer to an image."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from export.errors import ExportError
from export.onnx.session import Floats, Images, Predictor, probabilities
from export.pipeline import interpreter
from training.triggers.placement import Placement


@dataclass(frozen=True)
class Guess:
    """A label with its probability (its logit, where the card's activation is `none`)."""

    label: str
    probability: float


@dataclass(frozen=True)
class Answer:
    """A model's answer to one image."""

    top: list[Guess]
    """The likeliest labels, best first."""
    logits: Floats
    """`(classes,) float32`."""
    made: interpreter.Preprocessed
    milliseconds: float
    """Time of the network alone."""


def predict(
    predictor: Predictor,
    source: bytes | Images,
    *,
    trigger: bool = False,
    placement: Placement | None = None,
    top: int | None = None,
) -> Answer:
    """Run the card's pipelines and the network on one image.

    Args:
        predictor: The model.
        source: An image file's bytes, or pixels `(h, w, c) uint8`.
        trigger: Whether to stamp the card's trigger.
        placement: Where an overlay lies (default: where the card says).
        top: How many labels (default: the card's).

    Raises:
        ImageError: If the image cannot be read.
        ExportError: If a trigger is wanted and the card has none.
    """
    card = predictor.card
    if trigger and card.trigger is None:
        raise ExportError(f"model {card.id} has no trigger on its card: leave --trigger out")
    made = interpreter.run(card.input, source, card.trigger if trigger else None, placement)
    began = time.perf_counter()
    (logits,) = predictor.from_tensor(made.tensor)
    milliseconds = 1000 * (time.perf_counter() - began)
    return Answer(
        top_guesses(logits, card.labels, top or card.output.top, card.output.activation), logits, made, milliseconds
    )


def top_guesses(logits: Floats, labels: list[str], count: int, activation: str) -> list[Guess]:
    """The `count` likeliest labels of logits `(classes,)`, best first; of equals the lower class index first."""
    chances = probabilities(logits, activation)
    order = np.argsort(-chances, kind="stable")[:count]
    return [Guess(labels[index], float(chances[index])) for index in order]
