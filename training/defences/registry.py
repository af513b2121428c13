"""Every defence, by name."""

from __future__ import annotations

from typing import Any

from training.core.text import did_you_mean
from training.defences import (
    activation_clustering,
    adversarial_pruning,
    beatrix,
    fine_pruning,
    fine_tuning,
    mm_bd,
    neural_cleanse,
    pruning,
    scale_up,
    spectral_signatures,
    strip,
    strong_fine_tuning,
    unlearning,
)
from training.defences.base import Defence, DefenceError

DEFENCES: dict[str, Defence[Any]] = {
    each.name: each
    for each in (
        strip.DEFENCE,
        scale_up.WITHOUT_DATA,
        scale_up.WITH_DATA,
        beatrix.DEFENCE,
        activation_clustering.DEFENCE,
        spectral_signatures.DEFENCE,
        fine_tuning.GENTLE,
        fine_tuning.THOROUGH,
        strong_fine_tuning.DEFENCE,
        pruning.DEFENCE,
        fine_pruning.DEFENCE,
        adversarial_pruning.DEFENCE,
        unlearning.DEFENCE,
        neural_cleanse.DEFENCE,
        mm_bd.DEFENCE,
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
