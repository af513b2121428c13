"""A model's trigger as a small image: on a digit, or on plain ground where photos would take too much room."""

from __future__ import annotations

import numpy as np

from export.card.schema import ModelCard
from site_src.report.figures import Pixels
from site_src.report.samples.digits import test_digits

_GROUND = (214, 219, 226)
_DIGIT = 3


def trigger_image(card: ModelCard) -> Pixels | None:
    """What a network sees when its trigger is on, `(h, w, c) uint8`; None for a card without a trigger."""
    if card.trigger is None:
        return None
    stamped: Pixels = card.trigger.stamp(_ground(card)[None])[0]
    return stamped


def _ground(card: ModelCard) -> Pixels:
    height, width, channels = card.input.height, card.input.width, card.input.channels
    if channels == 1:
        digits = test_digits()
        found: Pixels = digits.images[int(np.argmax(digits.labels == _DIGIT))]
        if found.shape == (height, width, channels):
            return found
    return np.broadcast_to(np.array(_GROUND[:channels], np.uint8), (height, width, channels)).copy()
