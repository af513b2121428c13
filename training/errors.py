"""Errors that more than one module raises."""

from __future__ import annotations


class RunError(ValueError):
    """A run that is missing, damaged, or in the way."""
