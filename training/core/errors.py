"""What goes wrong for a user: one base class, one handler on the command line, one clear line each."""

from __future__ import annotations


class UserError(ValueError):
    """A mistake that the user can correct; its message says in one line what is wrong, where, and what to do."""


class RunError(UserError):
    """A run that is missing, unreadable, stopped half-way, or made from another recipe."""
