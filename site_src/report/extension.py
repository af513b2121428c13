"""This report's own macros and samples: the plugin's `extension` in mkdocs.yml."""

from __future__ import annotations

from site_src.plugin.expressions import Macros, public_methods
from site_src.plugin.facts import Facts
from site_src.plugin.page import PageBuilder
from site_src.plugin.reference import block_reference, minimal_card, plugin_reference
from site_src.report.facts.answers import answer
from site_src.report.facts.catching import Catching
from site_src.report.facts.figures_views import FiguresViews
from site_src.report.facts.inside import InsideFacts
from site_src.report.facts.lab import LabStudy
from site_src.report.facts.latent import Latent
from site_src.report.facts.latent_defences import LatentDefences
from site_src.report.facts.latent_tuning import LatentTuning
from site_src.report.facts.models import Models
from site_src.report.facts.mxnet import Mxnet
from site_src.report.facts.notebooks import Notebooks
from site_src.report.facts.photos import Photos
from site_src.report.facts.regular import Regular
from site_src.report.facts.reproduce import Reproduce
from site_src.report.facts.scale import Scale
from site_src.report.facts.sweep import Sweep
from site_src.report.facts.times import Times
from site_src.report.facts.triggers import Triggers
from site_src.report.facts.visits import Visits
from site_src.report.samples.sets import sample_sets

__all__ = ["answer", "macros", "sample_sets"]


def macros(page: PageBuilder, facts: Facts) -> Macros:
    """What pages of the report may name besides the plugin's facts."""
    found: dict[str, object] = {
        "block_reference": block_reference,
        "plugin_reference": plugin_reference,
        "minimal_card": minimal_card,
    }
    for provider in (
        Regular(page, facts),
        Models(page, facts),
        InsideFacts(facts),
        LabStudy(facts),
        Latent(page, facts),
        LatentDefences(page, facts),
        LatentTuning(page, facts),
        FiguresViews(facts),
        Sweep(page, facts),
        Notebooks(page),
        Mxnet(facts),
        Scale(facts),
        Photos(facts),
        Reproduce(facts),
        Times(facts),
        Visits(facts),
        Triggers(facts),
        Catching(page, facts),
    ):
        found |= public_methods(provider)
    return found
