from __future__ import annotations

import pytest

from export.pipeline.orientation import orientation_of
from tests.export.pipeline.odd_images import EXIF, exif


def test_one_number_of_sixteen_bits_is_the_orientation() -> None:
    for value in range(1, 9):
        assert orientation_of(exif(value=value)) == orientation_of(b"Exif\0\0" + exif(value=value)) == value


@pytest.mark.parametrize("kind", sorted(EXIF.keys() - {"one number", "with JPEG's header"}))
def test_what_browsers_do_not_heed_leaves_the_image_upright(kind: str) -> None:
    assert orientation_of(EXIF[kind]) == 1
