from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import pets
from training.data import sample_photos
from training.data.base import DataError
from training.data.inventory import find
from training.data.sample_photos import Square

PHOTO = sample_photos.DOGS[0]


def write(folder: Path, height: int, width: int, *, orientation: int = 1) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x9286] = "where the author lives"
    image = Image.fromarray(pets.dog(pets.DOGS[0], height, width))
    image.save(folder / PHOTO.file, "JPEG", quality=95, exif=exif)


def test_every_photo_has_a_checksum_and_is_downloaded_under_its_own_name() -> None:
    assert len(sample_photos.PHOTOS) == 12
    assert len({item.sha256 for item in sample_photos.COLLECTION.items}) == 12
    names = [item.name for item in sample_photos.COLLECTION.items]
    assert names == [photo.file for photo in sample_photos.PHOTOS]


def test_the_photos_are_found_in_a_given_folder_once_all_of_them_are_there(tmp_path: Path) -> None:
    entry = find("sample-photos", tmp_path)
    (tmp_path / "sample-photos").mkdir()
    for photo in sample_photos.PHOTOS:
        assert entry.place is None
        (tmp_path / "sample-photos" / photo.file).touch()
    assert entry.place == tmp_path / "sample-photos"


def test_a_published_photo_is_upright_and_small_and_tells_nothing_of_its_author(tmp_path: Path) -> None:
    write(tmp_path, 700, 1400, orientation=6)
    content = PHOTO.published(tmp_path)
    with Image.open(io.BytesIO(content)) as opened:
        assert opened.size == (320, 640)
        assert not opened.getexif()
    assert b"author lives" not in content


def test_a_small_photo_is_not_enlarged(tmp_path: Path) -> None:
    write(tmp_path, 50, 60)
    with Image.open(io.BytesIO(PHOTO.published(tmp_path))) as opened:
        assert opened.size == (60, 50)


def test_a_framed_photo_is_the_square_of_its_frame(tmp_path: Path) -> None:
    write(tmp_path, 300, 200)
    framed = replace(PHOTO, frame=Square(x=0.25, y=0.1, side=0.5))
    with Image.open(tmp_path / PHOTO.file) as whole, Image.open(io.BytesIO(framed.published(tmp_path))) as part:
        expected = np.asarray(whole.crop((50, 30, 150, 130))).astype(int)
        assert np.abs(np.asarray(part) - expected).mean() < 4
    assert framed.changes != PHOTO.changes


def test_a_missing_photo_is_named_with_the_command_that_gets_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"{PHOTO.file}.*backdoors data fetch sample-photos"):
        PHOTO.published(tmp_path)
