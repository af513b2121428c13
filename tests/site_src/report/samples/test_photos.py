from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from site_src.report.samples import pets, photos
from training.data import dogs_crops


@pytest.fixture(autouse=True)
def no_data_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BACKDOORS_DATA", raising=False)
    monkeypatch.setenv("BACKDOORS_CACHE", str(tmp_path / "cache"))


def test_without_data_the_samples_are_drawn_and_the_same_in_every_build() -> None:
    for make in (photos.dogs, photos.figures, photos.target):
        images = make()
        assert images
        assert [image.content for image in images] == [image.content for image in make()]
        for image in images:
            assert image.alt
            assert Image.open(io.BytesIO(image.content)).size == (320, 320)


def test_real_photographs_are_shown_when_they_are_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BACKDOORS_DATA", str(tmp_path))
    stream = io.BytesIO()
    Image.fromarray(np.zeros((224, 224, 3), dtype=np.uint8)).save(stream, "JPEG")
    for index in range(20):
        folder = tmp_path / "stanford-dogs" / "test" / f"n{index:08}-Breed_number-{index}"
        folder.mkdir(parents=True)
        (folder / "a.jpg").write_bytes(stream.getvalue())
        (folder / "notes.txt").touch()
    (tmp_path / "public-figures" / "test" / "some-body").mkdir(parents=True)
    (tmp_path / "public-figures" / "test" / "some-body" / "b.png").write_bytes(b"bytes")
    shown = photos.dogs()
    assert [picture.label for picture in shown] == [f"Breed number-{index}" for index in (0, 3, 6, 10, 13, 16)]
    assert all(picture.content == stream.getvalue() for picture in shown)
    assert [(picture.label, picture.content) for picture in photos.figures()] == [("Some Body", b"bytes")]
    assert photos.target()[0].alt == pets.PEOPLE[-1].what


def test_photographs_that_were_downloaded_are_shown_from_where_they_are_put(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BACKDOORS_CACHE", str(tmp_path))
    monkeypatch.setattr(dogs_crops, "obtain", lambda item, place: place / item.name)
    monkeypatch.setattr("training.data.fetch.archive.unpack", lambda _path, folder, _sha256: folder)

    def cut_all(_images: Path, _annotation: Path, _lists: Path, out: Path) -> int:
        (out / "test" / "n02085620-Chihuahua").mkdir(parents=True)
        (out / "test" / "n02085620-Chihuahua" / "a.jpg").write_bytes(b"bytes")
        return 1

    monkeypatch.setattr(dogs_crops, "cut_all", cut_all)
    assert photos.dogs()[0].label is None
    (tmp_path / "stanford-dogs").mkdir()
    dogs_crops.prepare()
    assert [(picture.label, picture.content) for picture in photos.dogs()] == [("Chihuahua", b"bytes")]
