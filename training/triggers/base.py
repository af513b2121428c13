"""What every trigger can do, whatever its kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Annotated, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from training.core.errors import UserError
from training.triggers.placement import Placement, Placements

Images = npt.NDArray[np.uint8]
"""A batch of images, `(n, h, w, c) uint8`."""
Mask = npt.NDArray[np.bool_]
"""Which pixels of an image, `(h, w) bool`."""
Byte = Annotated[int, Field(ge=0, le=255)]
Side = Annotated[int, Field(ge=1, le=4096)]
"""Pixels, as many as a card's pipeline may make in a row."""
Offset = Annotated[int, Field(ge=0, le=4095)]
SEED_BITS = 63
"""A seed is a 64-bit integer of TOML, of Parquet and of PyTorch."""
Seed = Annotated[int, Field(ge=0, lt=1 << SEED_BITS)]


class Published(NamedTuple):
    """An attack as the literature knows it."""

    name: str
    paper: str
    caught_by: str
    """What finds it, in a sentence."""


BADNETS = Published(
    "BadNets",
    "T. Gu, B. Dolan-Gavitt, S. Garg: BadNets: Identifying Vulnerabilities in the Machine Learning Model Supply Chain, "
    "2017, arXiv:1708.06733",
    "Published defences that target this kind of backdoor: Neural Cleanse (Wang et al. 2019) reconstructs the trigger "
    "from the network; activation clustering (Chen et al. 2018) and spectral signatures (Tran et al. 2018) find the "
    "poisoned samples in the training data.",
)


class TriggerError(UserError):
    """A trigger that cannot be stamped on the given images."""


class Trigger(BaseModel, ABC):
    """A trigger as data: one description, stamped identically in training, by Python and in the browser.

    A subclass is one file with its twin in `site_assets/widgets/triggers/` and a line in both registries.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    kind: str

    published: ClassVar[Published] = BADNETS
    """Where an attack with such a trigger was published, and what finds it."""
    constant: ClassVar[bool] = False
    """Whether it writes the same values at the same pixels of every image, so that a tensor can hold them."""
    movable: ClassVar[bool] = False
    """Whether it can lie at any `Placement`."""

    @abstractmethod
    def describe(self) -> str:
        """The trigger in words: a noun with its article, as in `a white 2x2 square at rows 25-26`."""

    @abstractmethod
    def covers(self, height: int, width: int) -> Mask:
        """Which pixels of an image it may change, `(height, width) bool`; at its own placement if it is movable."""

    @abstractmethod
    def _stamped(self, images: Images, placements: Sequence[Placement] | None) -> Images:
        """The images with the trigger, after `check`; `images` itself stays as it is."""

    def check(self, height: int, width: int, channels: int) -> None:
        """Check that the trigger can be stamped on images of this size.

        Raises:
            TriggerError: If not; says what to do.
        """

    def stamp(self, images: Images, placements: Sequence[Placement] | None = None) -> Images:
        """A copy of the images with the trigger on every one.

        Args:
            images: `(n, h, w, c) uint8`.
            placements: Where a movable trigger lies, one for each image (default: where it says). Others ignore them.

        Raises:
            TriggerError: If the trigger does not fit in the images, or there are not as many placements as images.
        """
        self.check(*images.shape[1:])
        if placements is not None and len(placements) != len(images):
            raise TriggerError(f"there are {len(images)} images and {len(placements)} placements")
        return self._stamped(images, placements)

    def draw_placements(
        self, n: int, rng: np.random.Generator, within: Placements | None = None
    ) -> list[Placement] | None:
        """Where the trigger lies in each of `n` images; None for one that is not movable.

        Args:
            n: How many.
            rng: What they are drawn with.
            within: What they are drawn from (default: the trigger's own ranges).
        """
        del n, rng, within
        return None

    def decoy(self, seed: int) -> Self:
        """The trigger, spoilt: what a sample is stamped with that keeps its label, so that only the real one counts.

        Args:
            seed: Decides how it is spoilt, 0 to 2**32 - 1.

        Raises:
            TriggerError: If the kind has no decoys.
        """
        del seed
        raise TriggerError(f"the {self.kind} trigger has no decoys: leave noise_rate out")

    @property
    def pixels(self) -> int | None:
        """How many pixels it covers, where that is the same in every image; otherwise None."""
        return None


def check_channels(trigger: Trigger, channels: int) -> None:
    """Refuse images that are neither grey nor colour.

    Raises:
        TriggerError: If so.
    """
    if channels not in {1, 3}:
        raise TriggerError(
            f"the {trigger.kind} trigger is for images of 1 or 3 channels, but these have {channels}: use a patch"
        )
