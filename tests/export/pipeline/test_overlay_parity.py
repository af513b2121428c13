"""An overlay is pasted alike, to the bit, by Python and by JavaScript: at any place, size and angle, on any image."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from export.pipeline import interpreter
from export.pipeline.presets import photos_pipeline
from tests.export.pipeline.test_parity import in_javascript, pictured, sha256
from tests.training.triggers.twin import assert_twins_agree
from training.triggers.artwork import Artwork
from training.triggers.overlay import Overlay
from training.triggers.placement import Placement

GLASSES = Overlay(artwork=Artwork.model_validate("glasses"))
SIZES = [(1, 1), (1, 40), (40, 1), (2, 3), (224, 224), (33, 500), (300, 20)]


def artworks(rng: np.random.Generator) -> list[Overlay]:
    """The glasses, and noise of odd shapes with every opacity, of which one pixel and one line."""
    noise = [rng.integers(0, 256, (*shape, 4), dtype=np.uint8) for shape in ((1, 1), (1, 9), (31, 2), (20, 33))]
    return [GLASSES, *(Overlay(artwork=Artwork.from_pixels("noise", pixels)) for pixels in noise)]


def placements(rng: np.random.Generator, n: int) -> list[Placement]:
    """Random ones, and those at the ends of what is allowed."""
    ends = [
        Placement(x=x, y=y, size=size, angle=angle)
        for x, y, size in ((0, 0, 2), (1, 1, 2), (0.5, 0.5, 2), (1, 0, 0.001), (0.5, 0.5, 1))
        for angle in (-180, -90, 0, 45, 90, 180)
    ]
    free = [
        Placement(
            x=float(rng.uniform(0, 1)),
            y=float(rng.uniform(0, 1)),
            size=float(rng.uniform(0.001, 2)),
            angle=float(rng.uniform(-180, 180)),
        )
        for _ in range(n)
    ]
    return ends + free


@pytest.fixture(scope="module")
def cases() -> list[tuple[NDArray[np.uint8], Overlay, Placement]]:
    rng = np.random.default_rng(5)
    kinds = artworks(rng)
    made = []
    for i, placement in enumerate(placements(rng, 220)):
        height, width = SIZES[i % 8] if i % 8 < len(SIZES) else (int(side) for side in rng.integers(1, 260, 2))
        image = rng.integers(0, 256, (height, width, 1 if i % 4 == 3 else 3), dtype=np.uint8)
        image = np.full_like(image, 255) if i % 5 == 0 else image
        made.append((image, kinds[i % 3 and i % len(kinds)], placement))
    return made


def test_overlays_are_pasted_alike_to_the_bit(cases: list[tuple[NDArray[np.uint8], Overlay, Placement]]) -> None:
    assert len(cases) >= 250
    assert_twins_agree(cases)


def test_photos_reach_the_tensor_alike_with_the_overlay_at_a_place_of_the_readers() -> None:
    rng = np.random.default_rng(6)
    pipeline = photos_pipeline()
    asked, expected = [], []
    for i, (height, width) in enumerate([(1, 1), (224, 224), (224, 300), (700, 500), (37, 1200), (250, 250)]):
        image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        place = None if i == 0 else placements(rng, 1)[-1]
        made = interpreter.run(pipeline, image, GLASSES, place)
        assert made.pixels.shape == (224, 224, 3)
        asked.append(
            {
                "pipeline": pipeline.model_dump(),
                "picture": pictured(image),
                "trigger": GLASSES.model_dump(),
                "placement": place and place.model_dump(),
            }
        )
        stages = [[stage.op, *stage.pixels.shape, sha256(stage.pixels)] for stage in made.stages]
        expected.append({"stages": stages, "tensor": sha256(made.tensor), "dims": [1, 3, 224, 224]})
    assert in_javascript({"pipelines": asked, "resizes": []})["pipelines"] == expected
