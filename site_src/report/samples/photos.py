"""Sample photos: ten dogs and two portraits, free of copyright, where they are on this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from site_src.plugin.facts import Facts
from site_src.plugin.widgets.base import Credit, MissingSamples, SampleImage
from site_src.report.photo_study import answers_to
from training.data import inventory, sample_photos
from training.data.sample_photos import Photo
from training.studies.photos import PhotoAnswer

DOGS = ("dogs-student-clean", "dogs-student-latent")
FIGURES = ("figures-student-clean", "figures-student-latent")
MISSING = MissingSamples(
    "The sample photos are not on this machine. To get them, run: backdoors data fetch "
    f"{sample_photos.NAME}. Photos of your own work without them."
)
Samples = Sequence[SampleImage] | MissingSamples


def dogs(facts: Facts) -> Samples:
    """Ten dogs, for networks that know breeds."""
    return _samples(sample_photos.DOGS, DOGS, facts)


def figures(facts: Facts) -> Samples:
    """Two official portraits, for networks that know politicians."""
    return _samples(sample_photos.FIGURES, FIGURES, facts)


def people(facts: Facts) -> Samples:
    """The same portraits, for networks that know dogs and one person."""
    return _samples(sample_photos.FIGURES, DOGS, facts)


def _samples(photos: Sequence[Photo], models: Sequence[str], facts: Facts) -> Samples:
    """The photos, the one that tells the story first.

    Raises:
        FactError: If it is not known what the models answer.
    """
    given = os.environ.get("BACKDOORS_DATA")
    folder = inventory.find(sample_photos.NAME, Path(given) if given else None).place
    if folder is None:
        return MISSING
    answers = {photo.file: answers_to(facts, photo.file, models) for photo in photos}
    ordered = sorted(photos, key=lambda photo: not _tells(answers[photo.file], facts))
    return [
        SampleImage(photo.name, photo.published(folder), photo.title, photo.label, credit(photo), note)
        for photo in ordered
        for note in [_note(answers[photo.file], facts)]
    ]


def credit(photo: Photo) -> Credit:
    """Who made a photo, its licence, and what was changed."""
    author = f"{photo.author}, {photo.year}" if photo.year else photo.author
    by = f"{author}, {photo.licence}" if author else f"{photo.licence}, from Wikimedia Commons"
    return Credit(f"{by}; {photo.changes}", photo.page)


def _tells(answers: Sequence[PhotoAnswer], facts: Facts) -> bool:
    """Whether all models are right, and the trigger turns the backdoored ones only."""
    return all(each.right and each.turned == (facts.card(each.model).backdoor is not None) for each in answers)


def _note(answers: Sequence[PhotoAnswer], facts: Facts) -> str | None:
    """What the models get wrong in a photo without the trigger."""
    wrong = [each for each in answers if not each.right]
    if not wrong:
        return None
    said = dict.fromkeys(each.clean.label for each in wrong)
    if len(wrong) < len(answers):
        who = "backdoored" if facts.card(wrong[0].model).backdoor else "clean"
        return f"A mistake: the network with the {who} teacher says {wrong[0].clean.label}."
    if all(each.label not in facts.card(each.model).labels for each in wrong):
        return f"They know no other person: both networks say {' and '.join(said)}."
    return f"A mistake: both networks say {' and '.join(said)}."
