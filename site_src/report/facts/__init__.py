"""What the pages say: one file a subject, macros that read cards and metrics files."""

from __future__ import annotations

from training.cli.extras import advice, lacking

EXTRAS = ("report", "train", "export")
"""Facts come from data sets and from notebooks, which train and export."""

if missing := lacking(EXTRAS):
    raise ImportError(advice("this report", missing))
