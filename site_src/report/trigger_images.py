"""A model's trigger as a small image: on a digit or a dog, as its network sees it."""

from __future__ import annotations

import io
import os
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from export.card.schema import ModelCard
from site_src.report.figures import Pixels
from site_src.report.samples.digits import test_digits
from training.data import inventory, sample_photos

_GROUND = (214, 219, 226)
_DIGIT = 3


def trigger_image(card: ModelCard) -> Pixels | None:
    """What a network sees when its trigger is on, `(h, w, c) uint8`; None for a card without a trigger."""
    if card.trigger is None:
        return None
    plain = ground((card.input.height, card.input.width, card.input.channels))
    stamped: Pixels = card.trigger.stamp(plain[None])[0]
    return stamped


def ground(shape: tuple[int, ...]) -> Pixels:
    """What a trigger is put on, `(h, w, c) uint8`: a digit, a dog, or plain ground where neither fits or is at hand."""
    for found in (_digit(), _dog(*shape[:2])):
        if found is not None and found.shape == shape:
            return found
    return np.broadcast_to(np.array(_GROUND[: shape[2]], np.uint8), shape).copy()


def _digit() -> Pixels:
    digits = test_digits()
    found: Pixels = digits.images[int(np.argmax(digits.labels == _DIGIT))]
    return found


@cache
def _dog(height: int, width: int) -> Pixels | None:
    """A sample photo, which needs no credit; None where there are no sample photos."""
    given = os.environ.get("BACKDOORS_DATA")
    folder = inventory.find(sample_photos.NAME, Path(given) if given else None).place
    if folder is None:
        return None
    with Image.open(io.BytesIO(sample_photos.DOGS[0].published(folder))) as photo:
        return np.asarray(ImageOps.fit(photo.convert("RGB"), (width, height), Image.Resampling.LANCZOS))
