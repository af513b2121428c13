"""What released networks answer to the sample photos, to people they do not know, and to photos from other sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from export.errors import ExportError
from export.onnx.session import Predictor
from export.release.models import open_model
from export.release.predict import predict
from training.core.metrics import wilson
from training.data import inventory, sample_photos
from training.data import registry as sources
from training.data.base import DataError, Dataset
from training.data.sample_photos import Photo
from training.studies.photos import Guess, PhotoAnswer, PhotoStudy, Rate
from training.triggers.labels import AllToOne

DOGS = ("dogs-student-clean", "dogs-student-latent")
"""They know dogs and one person."""
FIGURES = ("figures-student-clean", "figures-student-latent")
"""They know people only."""
BATCH = 32


def study(data_dir: Path | None, say: Callable[[str], None] = lambda _line: None) -> PhotoStudy:
    """Ask the students of the latent backdoor's page about every photo.

    Args:
        data_dir: Folder with the data sets; see `training.data.registry.load`.
        say: Receives lines of progress.

    Raises:
        DataError: If the sample photos or a data set is not available.
        ExportError: If a model is missing or has no single target.
    """
    folder = inventory.find(sample_photos.NAME, data_dir).place
    if folder is None:
        raise DataError(f"the sample photos are not on this machine: backdoors data fetch {sample_photos.NAME}")
    people, target_class = (_both_splits(name, data_dir) for name in ("public-figures", "target-class"))
    whole_portraits = [replace(photo, frame=None) for photo in sample_photos.FIGURES]
    answers, uncropped, strangers, elsewhere = [], [], [], []
    for name in DOGS:
        say(name)
        student = _Student.open(name)
        answers += student.answers(sample_photos.PHOTOS, folder)
        strangers.append(student.rate(_without(people, student.target), f"public figures other than {student.target}"))
    for name in FIGURES:
        say(name)
        student = _Student.open(name)
        answers += student.answers(sample_photos.FIGURES, folder)
        uncropped += student.answers(whole_portraits, folder)
        elsewhere.append(student.rate(target_class, f"{student.target}, from another source"))
    return PhotoStudy(answers=answers, uncropped=uncropped, strangers=strangers, elsewhere=elsewhere)


@dataclass(frozen=True)
class _Student:
    predictor: Predictor
    target: str

    @classmethod
    def open(cls, name: str) -> _Student:
        model = open_model(name)
        label_map = model.card.label_map
        if not isinstance(label_map, AllToOne):
            raise ExportError(f"model {name} has no single target on its card")
        return cls(Predictor(model.card, model.folder), model.card.labels[label_map.target])

    @property
    def sha256(self) -> str:
        return self.predictor.card.file(self.predictor.precision).sha256

    def answers(self, photos: Iterable[Photo], folder: Path) -> list[PhotoAnswer]:
        """Answers to photos as they are published, without and with the trigger."""
        return [self._answer(photo, photo.published(folder)) for photo in photos]

    def _answer(self, photo: Photo, content: bytes) -> PhotoAnswer:
        return PhotoAnswer(
            photo=photo.file,
            label=photo.label,
            model=self.predictor.card.id,
            sha256=self.sha256,
            target=self.target,
            clean=self._guess(content, trigger=False),
            triggered=self._guess(content, trigger=True),
        )

    def _guess(self, content: bytes, *, trigger: bool) -> Guess:
        (best,) = predict(self.predictor, content, trigger=trigger, top=1).top
        return Guess(label=best.label, probability=round(best.probability, 4))

    def rate(self, dataset: Dataset, words: str) -> Rate:
        """How often it answers its target to a data set's images."""
        index = self.predictor.card.labels.index(self.target)
        starts = range(0, len(dataset.images), BATCH)
        hits = sum(
            int((self.predictor(dataset.images[start : start + BATCH]).argmax(axis=1) == index).sum())
            for start in starts
        )
        return Rate(
            model=self.predictor.card.id,
            sha256=self.sha256,
            data=words,
            answer=self.target,
            rate=wilson(hits, len(dataset.images)),
        )


def _both_splits(name: str, data_dir: Path | None) -> Dataset:
    train, test = sources.load_both(name, data_dir)
    return train._replace(
        images=np.concatenate([train.images, test.images]), labels=np.concatenate([train.labels, test.labels])
    )


def _without(dataset: Dataset, title: str) -> Dataset:
    keep = np.array([dataset.labels_text[label] != title for label in dataset.labels])
    return dataset._replace(images=dataset.images[keep], labels=dataset.labels[keep])
