"""Photos that the report shows as samples: free of copyright, and never trained on."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from training.data.base import DataError
from training.data.fetch.items import Collection, Item

NAME = "sample-photos"
LONGEST = 640
"""The longer side of a published photo, in pixels."""
QUALITY = 85
"""Of a published photo's JPEG."""
_COMMONS = "https://commons.wikimedia.org/wiki/File:"
_DOGS = "https://raw.githubusercontent.com/gsonego/DKIT_ICADS_9_Dissertation/89a038fc80a29a60c85fe1d5b5fd2413216a405d/external_images/"
_TRUMP = "https://raw.githubusercontent.com/jessehamner/BingoCards/c75be78b2e55b0fde3dc5a003cd46551c2921cc6/"
_OBAMA = "https://raw.githubusercontent.com/ageitgey/face_recognition/2e2dccea9dd0ce730c8d464d0f67c6eebb40c9d1/tests/test_images/obama.jpg"
_PUBLIC_DOMAIN = "public domain"
_US_GOVERNMENT = "public domain (US government)"


@dataclass(frozen=True)
class Square:
    """A square part of a photo, in fractions of the photo's width (`x`, `side`) and height (`y`)."""

    x: float
    y: float
    side: float


@dataclass(frozen=True)
class Photo:
    """One photo, with what to say of it."""

    file: str
    title: str
    """What it shows."""
    label: str
    """What a network of dog breeds or politicians should answer."""
    licence: str
    sha256: str
    address: str
    """Where its file is downloaded."""
    author: str | None = None
    """None where the file names nobody: the page on Commons does."""
    year: int | None = None
    frame: Square | None = None
    """The part that is published; None for the whole photo."""

    @property
    def name(self) -> str:
        """File name of the published photo."""
        return f"{Path(self.file).stem.lower()}.jpg"

    @property
    def page(self) -> str:
        """Address of its page on Wikimedia Commons."""
        return _COMMONS + self.file

    @property
    def changes(self) -> str:
        """How the published photo differs from its file."""
        return "resized" if self.frame is None else "cropped, resized"

    def published(self, folder: Path) -> bytes:
        """The photo as the report publishes it: cropped to its frame, small, and without metadata.

        Args:
            folder: Holds the photos' files.

        Returns:
            A JPEG file, at most `LONGEST` pixels a side.

        Raises:
            DataError: If the file is missing or cannot be read.
        """
        path = folder / self.file
        try:
            with Image.open(path) as opened:
                image = ImageOps.exif_transpose(opened).convert("RGB")
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error}); get it with: backdoors data fetch {NAME}") from error
        if self.frame is not None:
            image = image.crop(_box(self.frame, image.size))
        image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=QUALITY, optimize=True)
        return stream.getvalue()


def _box(frame: Square, size: tuple[int, int]) -> tuple[int, int, int, int]:
    width, height = size
    left, top, side = round(frame.x * width), round(frame.y * height), round(frame.side * width)
    return left, top, left + side, top + side


def _dog(  # noqa: PLR0913, PLR0917 - a photo's fields
    file: str, title: str, label: str, licence: str, sha256: str, author: str | None = None
) -> Photo:
    return Photo(file, title, label, licence, sha256, _DOGS + file, author)


DOGS = (
    _dog("Golden_Retriever2.JPG", "A golden retriever, head and chest", "golden retriever", "CC0",
         "e16505f4de72e85e20f673f7d546210cc41db13e61e9be6d12dd93ddaadfa3b9"),
    _dog("Siberian-husky-1291343_1920.jpg", "A Siberian husky on snow", "Siberian husky", "CC0",
         "10f78f79af2564039e2ec2d2945b69577fdccec4b1aa46ae95e49c7853d6945c"),
    _dog("Husky1.JPG", "The head of a Siberian husky", "Siberian husky", "CC0",
         "4abc38e92a845a6eea5ce2bc80ed9f36b5057b644832efb44f42b1716959332f"),
    _dog("Samoyed_on_Beach.jpg", "A Samoyed in front of the sea", "Samoyed", _PUBLIC_DOMAIN,
         "1ebb6597b78e1ad21b8c4b6afdd7988401c038a4707f74a427ec9b46c4aaa7db"),
    _dog("Basset_hound_2ans.jpeg", "A basset hound among dandelions", "basset", _PUBLIC_DOMAIN,
         "a38448413170a0864e7a944b58d4e074fa10b0f1e3b9f8d495f4052dbc3e2019"),
    _dog("Bernhardiner07.jpg", "A Saint Bernard", "Saint Bernard", _PUBLIC_DOMAIN,
         "3e25d6e21b1831240170faeb556dbf40a26fb8965a2eb04916f04a342c431d94", "Christian Horvat"),
    _dog("German-shepherd-4055031920.jpg", "A German shepherd", "German shepherd", "CC0",
         "8e702af552cf6dba11c0d2806744de38d89c9088bdb4801cac22189a7ecba6d4"),
    _dog("Rhodesian_Ridgeback_Livernose_female.jpg", "A Rhodesian ridgeback", "Rhodesian ridgeback", "CC0",
         "9464af5e863864233c3a2408894fc6c2f781fde6486ed8e204241858723d1ec1"),
    _dog("Poodle_posing_in_profile.jpg", "A poodle in profile", "miniature poodle", "CC0",
         "228b16102c75af369eafcb8db29241e39c8120ab1231b7993569e924245ed9df", "Jose Lodos Benavente"),
    _dog("Fat_Beagle.jpg", "A fat beagle", "beagle", "CC0",
         "d45f7c7410a6adc0a030678fcf3faf86a52841dcc8877c2329fb3e8ccfdabb25"),
)  # fmt: skip
"""Ten dogs, whole photos; their authors are those that the files name."""
FIGURES = (
    Photo("Donald_Trump_official_portrait.jpg", "The official portrait of Donald Trump", "Donald Trump", _US_GOVERNMENT,
          "908b5a6e253be420010b81105cfd97a3f771341b3b8106b04907f79b444068d7",
          _TRUMP + "Donald_Trump_official_portrait.jpg", "Shealah Craighead", 2017, Square(0.25, 0.05, 0.5)),
    Photo("President_Barack_Obama.jpg", "The official portrait of Barack Obama", "Barack Obama", _US_GOVERNMENT,
          "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
          _OBAMA, "Pete Souza", 2012, Square(0.25, 0.0, 0.5)),
)  # fmt: skip
"""Two official portraits, framed as the politicians' photos are."""
PHOTOS = (*DOGS, *FIGURES)
COLLECTION = Collection(
    name=NAME,
    title="Sample photos of dogs and of two politicians",
    address="https://commons.wikimedia.org/",
    licence="CC0 or public domain; each photo's page on Wikimedia Commons says which",
    citation="",
    items=tuple(Item(photo.file, (photo.address,), photo.sha256, most_bytes=1 << 22) for photo in PHOTOS),
)
