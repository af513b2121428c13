from __future__ import annotations

import numpy as np
import pytest

from tests.training.triggers.twin import assert_twins_agree, random_image
from training.triggers.sinusoid import Sinusoid


def test_both_languages_add_the_sinusoid_alike_to_the_bit() -> None:
    rng = np.random.default_rng(1)
    amplitudes = [0.5, 1.5, 20.0, 30.0, 255.0, *rng.uniform(0.6, 255, 75).tolist()]
    assert_twins_agree(
        [
            (random_image(number, rng), Sinusoid(amplitude=amplitude, periods=1 + number % 23), None)
            for number, amplitude in enumerate(amplitudes)
        ]
    )


@pytest.mark.parametrize(("width", "periods", "amplitude"), [(28, 6, 20.0), (224, 6, 30.0), (31, 7, 255.0)])
def test_it_adds_what_the_paper_says(width: int, periods: int, amplitude: float) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 5, width, 3), dtype=np.uint8)
    column = np.arange(1, width + 1)
    wave = amplitude * np.sin(2 * np.pi * column * periods / width)
    expected = np.clip(images + wave[:, None], 0, 255)
    assert np.abs(Sinusoid(amplitude=amplitude, periods=periods).stamp(images) - expected).max() < 0.5 + 1e-6


def test_it_covers_the_columns_that_it_changes() -> None:
    made = Sinusoid(amplitude=20, periods=6)
    changed = (made.stamp(np.full((1, 28, 28, 1), 128, dtype=np.uint8)) != 128)[0, ..., 0]
    np.testing.assert_array_equal(made.covers(28, 28), changed)
    assert 0 < changed.sum() < 28 * 28


def test_it_describes_itself() -> None:
    assert Sinusoid().describe() == "a sinusoid of 6 periods over the whole image, of amplitude 20 of 255"
