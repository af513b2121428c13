"""Stamps images in Python and in JavaScript, which must give the same bits."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.node import run_node
from training.triggers.base import Images, Trigger
from training.triggers.placement import Placement

Case = tuple[Images, Trigger, Placement | None]
"""An image `(h, w, c) uint8`, what to stamp, and where."""
SIZES = ((28, 28, 1), (28, 28, 3), (224, 224, 3), (1, 1, 1), (1, 9, 3), (13, 1, 1), (37, 53, 3), (50, 31, 1))


def random_image(number: int, rng: np.random.Generator) -> Images:
    """Noise of one of `SIZES`; every fifth is white and every seventh black, where rounding shows."""
    size = SIZES[number % len(SIZES)]
    ground = 255 if number % 5 == 4 else 0 if number % 7 == 6 else None
    return rng.integers(0, 256, size, dtype=np.uint8) if ground is None else np.full(size, ground, dtype=np.uint8)


def assert_twins_agree(cases: Sequence[Case]) -> None:
    """Compare Python's and JavaScript's stamped images, bit by bit; most of them must differ from the plain ones."""
    expected, asked, changed = [], [], 0
    for image, trigger, placement in cases:
        stamped = trigger.stamp(image[None], None if placement is None else [placement])[0]
        changed += bool((stamped != image).any())
        expected.append(hashlib.sha256(stamped.tobytes()).hexdigest())
        height, width, channels = image.shape
        pixels = base64.b64encode(image.tobytes()).decode()
        asked.append(
            {
                "image": {"height": height, "width": width, "channels": channels, "pixels": pixels},
                "trigger": trigger.model_dump(mode="json"),
                "placement": placement and placement.model_dump(),
            }
        )
    assert changed > len(cases) / 2
    found = json.loads(run_node(Path(__file__).with_name("twin.mjs"), given=asked))
    assert [number for number, pair in enumerate(zip(expected, found, strict=True)) if pair[0] != pair[1]] == []
