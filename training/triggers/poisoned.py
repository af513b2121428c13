"""A poisoned training set: what was drawn for it, once, and the images as the attacker makes them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from training.triggers.base import Images, Trigger
from training.triggers.labels import Labels
from training.triggers.placement import Placement

Chosen = npt.NDArray[np.bool_]
"""Which samples, `(n,) bool`."""
Indices = npt.NDArray[np.int64]
"""Samples by their number in the training set, `(m,) int64`."""


class Decoy(BaseModel):
    """A sample that is stamped with a spoilt trigger and keeps its label."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    index: int = Field(ge=0)
    seed: int = Field(ge=0)
    """Of `Trigger.decoy`."""


class Drawn(BaseModel):
    """What was drawn for a training set; a run's `poisoned.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    indices: list[int]
    """The poisoned samples, ascending."""
    placements: list[Placement] | None = None
    """Where the trigger lies in each of them; None for one that is not movable."""
    decoys: list[Decoy] | None = None


@dataclass(frozen=True)
class Poisoned:
    """A training set with some samples poisoned.

    Images are stamped when they are asked for, because training stamps them after it has augmented them.
    """

    clean: Images
    """`(n, h, w, c) uint8`, before anything is stamped."""
    labels: Labels
    """`(n,) int64`, the attacker's label for the poisoned ones, which may be their own."""
    trigger: Trigger
    drawn: Drawn

    @cached_property
    def is_poisoned(self) -> Chosen:
        """Which samples have the trigger and the attacker's label, `(n,) bool`."""
        return self._mask(self.drawn.indices)

    @cached_property
    def is_stamped(self) -> Chosen:
        """Which samples have the trigger or a decoy of it, `(n,) bool`."""
        return self.is_poisoned | self._mask([decoy.index for decoy in self.drawn.decoys or []])

    @cached_property
    def images(self) -> Images:
        """The images as the attacker hands them out, `(n, h, w, c) uint8`."""
        images = self.clean.copy()
        which = np.flatnonzero(self.is_stamped)
        images[which] = self.stamp(images[which], which)
        return images

    def stamp(self, images: Images, samples: Indices) -> Images:
        """A copy of the images of some samples, each with what was drawn for its sample.

        Args:
            images: `(m, h, w, c) uint8`, augmented or not.
            samples: Which sample each of them is, `(m,) int64`.
        """
        stamped = images.copy()
        poisoned = self.is_poisoned[samples]
        places = self.drawn.placements
        where = None if places is None else [places[row] for row in self._row[samples[poisoned]]]
        stamped[poisoned] = self.trigger.stamp(images[poisoned], where)
        for at in np.flatnonzero(~poisoned & self.is_stamped[samples]):
            decoy = self.trigger.decoy(self._seeds[int(samples[at])])
            stamped[at : at + 1] = decoy.stamp(images[at : at + 1])
        return stamped

    @cached_property
    def _row(self) -> Indices:
        """Which of the poisoned samples each sample is; 0 for others."""
        rows = np.zeros(len(self.labels), dtype=np.int64)
        rows[self.drawn.indices] = np.arange(len(self.drawn.indices))
        return rows

    @cached_property
    def _seeds(self) -> dict[int, int]:
        return {decoy.index: decoy.seed for decoy in self.drawn.decoys or []}

    def _mask(self, indices: list[int]) -> Chosen:
        mask = np.zeros(len(self.labels), dtype=np.bool_)
        mask[indices] = True
        return mask
