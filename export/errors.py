"""What goes wrong for a user of the export room: one base class, one clear line each."""

from __future__ import annotations

from training.core.errors import UserError


class ExportError(UserError):
    """An export, check or prediction that failed; the message is one line for the user."""
