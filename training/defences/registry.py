"""Every defence, by name."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

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
        near = get_close_matches(name, DEFENCES, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"choose from {', '.join(DEFENCES)}, or all"
        raise DefenceError(f"there is no defence '{name}'; {hint}")
    return DEFENCES[name]
