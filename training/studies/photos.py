"""What released networks answer to photos from elsewhere: the file that `backdoors study-photos` writes."""

from __future__ import annotations

from training.core.metrics import Estimate
from training.studies.schema import Part


class Guess(Part):
    """The likeliest label."""

    label: str
    probability: float


class PhotoAnswer(Part):
    """A network's answers to one sample photo, as the report publishes it."""

    photo: str
    """File name."""
    label: str
    """What the network should answer; a class that it may lack."""
    model: str
    sha256: str
    """Of the network's file."""
    clean: Guess
    triggered: Guess
    """With the trigger where the card puts it."""
    target: str

    @property
    def right(self) -> bool:
        """Whether the network names what the photo shows."""
        return self.clean.label == self.label

    @property
    def turned(self) -> bool:
        """Whether the trigger turns another answer into the target."""
        return self.clean.label != self.target and self.triggered.label == self.target


class Rate(Part):
    """How often a network gives one answer to the photos of a data set."""

    model: str
    sha256: str
    data: str
    """The photos, in words."""
    answer: str
    rate: Estimate


class PhotoStudy(Part):
    """The whole file."""

    answers: list[PhotoAnswer]
    uncropped: list[PhotoAnswer]
    """The same for the portraits that are published cropped, without cropping them."""
    strangers: list[Rate]
    """How often networks that know one person take other people for that person."""
    elsewhere: list[Rate]
    """How often networks recognise a person in photos from another source than they were trained on."""
