"""Label maps: the class that an attacker wants for a triggered image, as data."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from training.triggers.base import Trigger

Labels = npt.NDArray[np.int64]
"""Class indices, `(n,) int64`."""


class AllToAll(BaseModel):
    """Every class becomes the next one, the last becomes the first (BadNets, section 3.1.2)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["all-to-all"] = "all-to-all"


class AllToOne(BaseModel):
    """Every class becomes `target` (the single-target attack of BadNets, section 3.1.2)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["all-to-one"] = "all-to-one"
    target: int = Field(ge=0, le=65_535)


AnyLabelMap = AllToAll | AllToOne
"""The same as `LabelMap` for a signature."""
LabelMap = Annotated[AnyLabelMap, Field(discriminator="kind")]
"""Any label map."""


def attack_sha256(trigger: Trigger, label_map: AnyLabelMap | None) -> str:
    """What tells one attack's measurements from another's: SHA-256 of its trigger and its label map."""
    rule = label_map.model_dump(mode="json") if label_map else None
    text = json.dumps([trigger.model_dump(mode="json"), rule], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def map_labels(labels: Labels, label_map: AllToAll | AllToOne, classes: int) -> Labels:
    """The label that the attacker wants for each sample.

    Args:
        labels: True classes, `(n,) int64`.
        label_map: The attacker's rule.
        classes: Number of classes of the task.

    Raises:
        ValueError: If an all-to-one target is not a class of the task.
    """
    if isinstance(label_map, AllToAll):
        return (labels + 1) % classes
    if label_map.target >= classes:
        raise ValueError(
            f"the target is class {label_map.target}, but the task has classes 0 to {classes - 1}: name one of those"
        )
    return np.full_like(labels, label_map.target)
