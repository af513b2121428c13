"""Every defence, by name."""

from __future__ import annotations

from typing import Any

from training.core.text import did_you_mean
from training.defences import fine_tuning, neural_cleanse, pruning
from training.defences.base import Defence, DefenceError

DEFENCES: dict[str, Defence[Any]] = {
    each.name: each
    for each in (
        fine_tuning.GENTLE,
        fine_tuning.THOROUGH,
        pruning.DEFENCE,
        neural_cleanse.DEFENCE,
    )
}
"""In the order of tables."""


def find(name: str) -> Defence[Any]:
    """The defence of that name.

    Raises:
        DefenceError: If there is none; names the nearest.
    """
    if name not in DEFENCES:
        hint = did_you_mean(name, DEFENCES, f"choose from {', '.join(DEFENCES)}, or all")
        raise DefenceError(f"there is no defence '{name}'; {hint}")
    return DEFENCES[name]
