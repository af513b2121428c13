from __future__ import annotations

import numpy as np
import pytest

from tests import pets


@pytest.mark.parametrize(("height", "width"), [(64, 64), (50, 120), (200, 90)])
def test_a_drawn_dog_fits_any_shape_and_differs_from_the_next(height: int, width: int) -> None:
    first, second = (pets.dog(dog, height, width) for dog in pets.DOGS[:2])
    assert first.shape == (height, width, 3)
    assert np.abs(first.astype(int) - second).mean() > 20
