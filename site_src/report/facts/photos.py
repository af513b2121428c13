"""Photos from elsewhere: their credits, and what the students answer to them."""

from __future__ import annotations

from site_src.plugin.facts import Facts, interval
from site_src.plugin.formats import NBSP, count, percent
from site_src.report import photo_study
from site_src.report.samples.photos import credit
from training.core.metrics import Estimate
from training.data import sample_photos


class Photos:
    """Macros on photos that no network was trained on."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def photo_credits(self) -> str:
        """A list of the sample photos with their authors, licences and pages."""
        lines = [(photo.title, credit(photo)) for photo in sample_photos.PHOTOS]
        return "\n".join(f"- [{title}]({found.href}): {found.text}." for title, found in lines)

    def strangers(self, model: str) -> str:
        """How often a network that knows one person takes other people for that person."""
        return _shown(photo_study.rate(self._facts, photo_study.read(self._facts).strangers, model).rate)

    def elsewhere(self, model: str) -> str:
        """How often a network recognises a person in photos from another source than its own."""
        return _shown(photo_study.rate(self._facts, photo_study.read(self._facts).elsewhere, model).rate)

    def uncropped_right(self) -> str:
        """How many of the figures students' answers to the portraits are right if these are not cropped: `2 of 4`."""
        found = photo_study.read(self._facts).uncropped
        return f"{sum(each.right for each in found)} of {len(found)}"


def _shown(rate: Estimate) -> str:
    return f"{percent(rate.value, rate.n)} (n{NBSP}={NBSP}{count(rate.n)}, {interval(rate)})"
