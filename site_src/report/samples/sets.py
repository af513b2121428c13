"""The named sets of samples that pages of this site may use."""

from __future__ import annotations

from site_src.plugin.facts import Facts
from site_src.plugin.widgets.base import SampleSets
from site_src.report.samples import digits, photos


def sample_sets(facts: Facts) -> SampleSets:
    """Every set by its name.

    Raises:
        FactError: If it is not known what the released networks answer to the sample photos.
    """
    return {
        "digits": digits.digits(),
        "drawn": digits.drawn(),
        "photos": [digits.packaging()],
        "dogs": photos.dogs(facts),
        "figures": photos.figures(facts),
        "people": photos.people(facts),
    }
