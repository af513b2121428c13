from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.data import registry as sources
from training.data.base import DataError
from training.data.dogs import IMAGENET, breed
from training.data.images import read_image, read_once, read_split


def draw(path: Path, size: tuple[int, int] = (40, 30), colour: str = "red", **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, **options)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for split in ("train", "test"):
        for name, colour in (("cats", "red"), ("dogs", "blue")):
            draw(tmp_path / split / name / "b.png", colour=colour)
            draw(tmp_path / split / name / "a.JPG", colour=colour)
    return tmp_path


def test_class_folders_become_a_data_set(folder: Path) -> None:
    found = sources.load(f"folder:{folder}", "train")
    assert found.classes == ["cats", "dogs"]
    assert found.images.shape == (4, 224, 224, 3)
    assert found.labels.tolist() == [0, 0, 1, 1]
    assert (found.images[3, 100, 100] == (0, 0, 255)).all()


def test_the_central_square_is_kept(tmp_path: Path) -> None:
    image = Image.new("RGB", (90, 30), "black")
    image.paste("white", (30, 0, 60, 30))
    image.save(tmp_path / "wide.png")
    assert (read_image(tmp_path / "wide.png") == 255).all()


def test_a_photo_is_rotated_as_its_exif_says(tmp_path: Path) -> None:
    image = Image.new("RGB", (32, 32), "black")
    image.paste("white", (0, 0, 32, 8))
    exif = Image.Exif()
    exif[0x0112] = 3
    image.save(tmp_path / "turned.png", exif=exif)
    found = read_image(tmp_path / "turned.png")
    assert found[-1].mean() > 200 > found[0].mean()


def half_transparent() -> Image.Image:
    """One half opaque black, the other half transparent black."""
    image = Image.new("RGBA", (32, 32), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 32, 16))
    return image


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
@pytest.mark.parametrize("ending", ["png", "webp"])
def test_transparency_is_composited_on_white(tmp_path: Path, mode: str, ending: str) -> None:
    path = tmp_path / f"glass.{ending}"
    image = half_transparent().convert(mode) if mode != "P" else half_transparent().quantize(4)
    image.save(path, lossless=True)
    found = read_image(path)
    assert (found[:100] == 255).all()
    assert (found[-100:] == 0).all()


def test_the_upper_bits_of_16_are_kept(tmp_path: Path) -> None:
    Image.fromarray(np.full((32, 32), 0x4321, dtype=np.uint16)).save(tmp_path / "deep.png")
    assert (read_image(tmp_path / "deep.png") == 0x43).all()


def test_a_split_is_cached_until_the_outermost_context_ends(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with read_once():
        with read_once():
            first = read_split(folder, "train")
        assert read_split(folder, "train") is first
        assert read_split(folder, "train", classes=["dogs"]).labels.tolist() == [0, 0]
        assert read_split(folder, "test").images is not first.images
    monkeypatch.chdir(folder)
    again = read_split(Path(), "train")
    assert again is not first
    np.testing.assert_array_equal(again.images, first.images)


def test_a_missing_split_is_reported(folder: Path) -> None:
    (folder / "test").rename(folder / "tset")
    with pytest.raises(DataError, match="test: no such folder; expected test/<class>/<image>"):
        read_split(folder, "test")


def test_an_empty_class_is_reported(folder: Path) -> None:
    (folder / "train" / "birds").mkdir()
    with pytest.raises(DataError, match="birds: this class folder contains no image"):
        read_split(folder, "train")


def test_a_split_without_classes_is_reported(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    with pytest.raises(DataError, match="contains no class folder"):
        read_split(tmp_path, "train")


def test_a_missing_class_is_reported(folder: Path) -> None:
    with pytest.raises(DataError, match="1 class folders are missing, the first is birds"):
        read_split(folder, "train", classes=["birds", "cats"])


def test_a_truncated_image_is_reported(folder: Path) -> None:
    packed = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)).save(packed, "JPEG")
    (folder / "train" / "cats" / "c.jpg").write_bytes(packed.getvalue()[:-400])
    with pytest.raises(DataError, match=r"c\.jpg: not a readable image"):
        read_split(folder, "train")


def test_a_text_file_with_a_images_name_is_reported(folder: Path) -> None:
    (folder / "train" / "cats" / "c.png").write_text("hello", encoding="utf-8")
    with pytest.raises(DataError, match=r"c\.png: not a readable image"):
        read_split(folder, "train")


def test_a_one_pixel_image_is_reported(folder: Path) -> None:
    draw(folder / "train" / "cats" / "c.png", size=(1, 1))
    with pytest.raises(DataError, match="1x1 pixels are too few"):
        read_split(folder, "train")


def test_every_breed_has_its_own_place_among_imagenets_classes() -> None:
    assert len(set(IMAGENET)) == 120
    assert breed("n02088364-black-and-tan_coonhound") == "black-and-tan coonhound"


@pytest.mark.parametrize("name", ["beagle", "n02088364-"])
def test_a_folder_that_names_no_breed_is_reported(name: str) -> None:
    with pytest.raises(DataError, match=f"class folder '{name}' is not named <wnid>-<Breed>"):
        breed(name)


def test_portraits_must_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACKDOORS_DATA", raising=False)
    with pytest.raises(DataError, match="cannot be downloaded"):
        sources.load("target-class", "train")


def test_people_are_read_by_their_names_and_written_by_their_folders(tmp_path: Path) -> None:
    for name in ("jane-roe", "joe_public", "richard-roe"):
        draw(tmp_path / "public-figures" / "test" / name / "a.png")
    draw(tmp_path / "cats" / "test" / "my-cat" / "a.png")
    found = sources.load(f"public-figures[richard-roe,jane-roe] + folder:{tmp_path}/cats", "test", tmp_path)
    assert found.classes == ["richard-roe", "jane-roe", "my-cat"]
    assert found.labels_text == ["Richard Roe", "Jane Roe", "my-cat"]
    assert sources.load("public-figures", "test", tmp_path).labels_text == ["Jane Roe", "Joe Public", "Richard Roe"]


@pytest.mark.parametrize(("split", "other"), [("test", "train"), ("train", "test")])
def test_splits_of_different_classes_are_reported(folder: Path, split: str, other: str) -> None:
    draw(folder / other / "birds" / "a.png")
    with pytest.raises(DataError, match=f"the {split} split has no class 'birds'"):
        sources.load_both(f"folder:{folder}")
