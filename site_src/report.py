"""This report's own macros and samples: the plugin's `extension` in mkdocs.yml."""

from __future__ import annotations

from site_src.expressions import Macros
from site_src.facts import Facts
from site_src.page import PageBuilder
from site_src.samples import sample_sets

__all__ = ["macros", "sample_sets"]


def macros(page: PageBuilder, facts: Facts) -> Macros:
    """What pages of the report may name besides the plugin's facts."""
    return {}
