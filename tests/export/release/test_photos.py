from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.release import photos
from tests import pets
from training.data import sample_photos
from training.data.base import DataError, Dataset, Split
from training.studies.photos import PhotoStudy

PEOPLE = ["barack-obama", "bill-clinton", "donald-trump"]
TITLES = ["Barack Obama", "Bill Clinton", "Donald Trump"]


def people(name: str, split: Split, _data_dir: Path | None = None) -> Dataset:
    """Drawn people: one a class and split, or two of the target."""
    of = PEOPLE if name == "public-figures" else ["donald-trump"]
    images = np.stack([pets.person(pets.PEOPLE[i], 224, 224, seed=split == "test") for i in range(len(of))])
    return Dataset(images, np.arange(len(of)), of, TITLES if len(of) > 1 else ["Donald Trump"])


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhotoStudy]:
    folder = tmp_path_factory.mktemp("data")
    (folder / sample_photos.NAME).mkdir()
    for photo in sample_photos.PHOTOS:
        image = Image.fromarray(pets.dog(pets.DOGS[0], 90, 120))
        image.save(folder / sample_photos.NAME / photo.file, "JPEG")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.data.registry.load", people)
        yield photos.study(folder)


def test_the_dogs_students_are_asked_about_all_photos_and_the_figures_students_about_the_portraits(
    found: PhotoStudy,
) -> None:
    asked = {
        name: [each.photo for each in found.answers if each.model == name] for name in photos.DOGS + photos.FIGURES
    }
    for name in photos.DOGS:
        assert asked[name] == [photo.file for photo in sample_photos.PHOTOS]
    for name in photos.FIGURES:
        assert asked[name] == [photo.file for photo in sample_photos.FIGURES]
    assert {each.target for each in found.answers} == {"Donald Trump"}


def test_the_trigger_is_stamped_on_the_second_answer_alone(found: PhotoStudy) -> None:
    dogs = {photo.file for photo in sample_photos.DOGS}
    turned = [each.turned for each in found.answers if each.model == "dogs-student-latent" and each.photo in dogs]
    assert turned == [True] * len(dogs)


def test_the_target_is_no_stranger_and_both_splits_count(found: PhotoStudy) -> None:
    assert [each.rate.n for each in found.strangers] == [4, 4]
    assert [each.rate.n for each in found.elsewhere] == [2, 2]


def test_a_portrait_is_seen_otherwise_when_it_is_not_cropped(found: PhotoStudy) -> None:
    cropped = [each for each in found.answers if each.model in photos.FIGURES]
    assert [each.photo for each in cropped] == [each.photo for each in found.uncropped]
    assert [each.clean for each in cropped] != [each.clean for each in found.uncropped]


def test_without_the_photos_the_command_that_gets_them_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKDOORS_CACHE", str(tmp_path))
    with pytest.raises(DataError, match="backdoors data fetch sample-photos"):
        photos.study(tmp_path)
