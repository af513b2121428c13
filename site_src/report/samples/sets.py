"""The named sets of samples that pages of this site may use."""

from __future__ import annotations

from site_src.plugin.widgets.base import SampleSets
from site_src.report.samples import digits, photos


def sample_sets() -> SampleSets:
    """Every set by its name."""
    return {
        "digits": digits.digits(),
        "drawn": digits.drawn(),
        "photos": [digits.packaging()],
        "dogs": photos.dogs(),
        "figures": photos.figures(),
        "target": photos.target(),
    }
