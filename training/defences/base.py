"""What every defence shares: the subject that it examines, its settings, and what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import nn

from training.core.errors import UserError
from training.core.metrics import Measurement, Predict
from training.defences.batching import batch_size
from training.defences.verdict import AnyVerdict, ClassIndex, ClassIndices, RecoveredTrigger, Repaired
from training.engine.batches import Normaliser, to_tensor
from training.engine.evaluate import PLACES_SEED, evaluate
from training.engine.inference import frozen
from training.triggers.base import Images, Trigger
from training.triggers.labels import AnyLabelMap, Labels, attack_sha256, map_labels

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]
"""Called with how many steps are done, of how many."""

ACTIVATIONS_BATCH = 50
"""Images whose activations are computed at once, at most; inner layers take more memory than answers."""
PIXELS_AT_ONCE = 160 * 28 * 28
"""Of the images that a search sends through the network together: more would not fit in the processor's cache."""


class DefenceError(UserError):
    """A defence that cannot be used on this subject, or settings that it does not have."""


class Need(StrEnum):
    """What a defence may need besides the subject's answers."""

    NETWORK = "the PyTorch network"
    CLEAN = "clean held-out images"
    TRAINING = "the training data"


class Samples(NamedTuple):
    """Images with their true labels."""

    images: Images
    """`(n, h, w, c) uint8`."""
    labels: Labels
    """`(n,) int64`."""


class Inputs(NamedTuple):
    """Inputs of a deployed network, for a defence to tell apart."""

    images: Images
    """`(n, h, w, c) uint8`."""
    is_triggered: npt.NDArray[np.bool_]
    """`(n,) bool`: for scoring a defence only; none may look at it."""


class TrainingData(NamedTuple):
    """What the subject was trained on, poisoned samples included."""

    images: Images
    """`(n, h, w, c) uint8`, as the training saw them before augmentation."""
    labels: Labels
    """`(n,) int64`, the attacker's for poisoned samples."""
    is_poisoned: npt.NDArray[np.bool_]
    """`(n,) bool`: for scoring a defence only; none may look at it."""


class Network(NamedTuple):
    """The subject as PyTorch has it."""

    module: nn.Module
    """Normalised `(n, c, h, w) float32` to logits, in evaluation mode; a defence changes a copy."""
    normalise: Normaliser
    """From pixels to the module's input."""


@dataclass(kw_only=True)
class Subject:
    """A network that a defence examines, with all that one may need; data are loaded when they are first asked for.

    The caller of a defence sets `seed` and `progress`; the defence changes nothing.
    """

    name: str
    sha256: str
    """Of its weights."""
    classes: list[str]
    backdoored: bool
    predict: Predict
    data: str
    """What to call the test images, for example `digits test`."""
    load_test: Callable[[], Samples]
    """The images that everything is measured on; no defence may learn from them."""
    trigger: Trigger | None = None
    """The true trigger, for measuring only."""
    label_map: AnyLabelMap | None = None
    """The attacker's rule, for measuring only; None if the network has no class that the attacker wants."""
    network: Network | None = None
    load_clean: Callable[[], Samples] | None = None
    """Images that the owner trusts, neither trained on nor tested on."""
    load_training: Callable[[], TrainingData] | None = None
    absent: Mapping[Need, str] = field(default_factory=dict)
    """Why something is missing, in words that end the sentence 'needs the training data: …'."""
    recipe_sha256: str | None = None
    seed: int = 0
    """Of all that a defence draws at random."""
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    progress: Progress = lambda _done, _total: None

    @property
    def attack(self) -> str | None:
        """SHA-256 of the trigger and label map that it is measured with; None if no trigger is known."""
        return None if self.trigger is None else attack_sha256(self.trigger, self.label_map)

    def measured_with(self, trigger: Trigger | None, label_map: AnyLabelMap | None) -> Subject:
        """The same network, measured with another trigger, as a clean control is."""
        return replace(self, trigger=trigger, label_map=label_map)

    def missing(self, needs: frozenset[Need]) -> str | None:
        """Why a defence with these needs cannot be used, in one line; None if it can."""
        there = {Need.NETWORK: self.network, Need.CLEAN: self.load_clean, Need.TRAINING: self.load_training}
        for need in Need:
            if need in needs and there[need] is None:
                return f"needs {need}: {self.absent.get(need, f'{self.name} comes without')}"
        return None

    @cached_property
    def test(self) -> Samples:
        """See `load_test`."""
        return self.load_test()

    @cached_property
    def clean(self) -> Samples:
        """See `load_clean`.

        Raises:
            DefenceError: If there is no image of a class.
        """
        found = self.load_clean() if self.load_clean else Samples(self.test.images[:0], self.test.labels[:0])
        counts = np.bincount(found.labels, minlength=len(self.classes))
        if (counts == 0).any():
            raise DefenceError(f"there is no clean held-out image of class '{self.classes[int(counts.argmin())]}'")
        return found

    @cached_property
    def training(self) -> TrainingData:
        """See `load_training`.

        Raises:
            DefenceError: If there is none.
        """
        if self.load_training is None:
            raise DefenceError(self.missing(frozenset({Need.TRAINING})) or "")
        return self.load_training()

    @cached_property
    def triggered(self) -> Samples:
        """The test images of which the attacker wants another answer, with the trigger, and their true labels.

        Raises:
            DefenceError: If no trigger is known.
        """
        if self.trigger is None:
            raise DefenceError(f"no trigger of {self.name} is known, so nothing can be measured with one")
        images, labels = self.test
        if self.label_map is not None:
            attacked = map_labels(labels, self.label_map, len(self.classes)) != labels
            images, labels = images[attacked], labels[attacked]
        places = self.trigger.draw_placements(len(images), np.random.default_rng(PLACES_SEED))
        return Samples(self.trigger.stamp(images, places), labels)

    def inputs_to_judge(self, most: int | None = None) -> Inputs:
        """Test images without the trigger, then with it; only without it if no trigger is known.

        Args:
            most: Of each kind; drawn with the subject's seed if there are more.
        """
        rng = np.random.default_rng(self.seed)
        kinds = [self.test.images, self.triggered.images] if self.trigger is not None else [self.test.images]
        drawn = [images[draw(len(images), most, rng)] for images in kinds]
        return Inputs(np.concatenate(drawn), np.repeat(np.arange(len(drawn)) == 1, [len(images) for images in drawn]))

    @property
    def targets(self) -> list[str]:
        """The classes that the attacker is after; none of a clean network."""
        if not self.backdoored or self.label_map is None:
            return []
        wanted = map_labels(np.arange(len(self.classes)), self.label_map, len(self.classes))
        return [self.classes[index] for index in np.unique(wanted)]

    def logits(self, images: Images) -> Floats:
        """The network's answers, `(n, classes) float32`.

        Raises:
            DefenceError: If some are not finite.
        """
        size = batch_size(images)
        parts = [self.predict(images[at : at + size]) for at in range(0, len(images), size)]
        found = np.concatenate(parts) if parts else np.zeros((0, len(self.classes)), dtype=np.float32)
        broken = int((~np.isfinite(found)).any(axis=1).sum())
        if broken:
            raise DefenceError(f"the network's answers to {broken} of {len(found)} images are not finite")
        return found

    def answers(self, images: Images) -> Labels:
        """The classes that the network answers, `(n,) int64`.

        Raises:
            DefenceError: If it answers the same to every image, so that no answer says anything.
        """
        found: Labels = self.logits(images).argmax(axis=1)
        if len(found) and (found == found[0]).all():
            raise DefenceError(f"the network answers '{self.classes[found[0]]}' to all of {len(found)} images")
        return found

    def require_network(self) -> Network:
        """The network, for a defence that declares the need.

        Raises:
            DefenceError: If there is none.
        """
        if self.network is None:
            raise DefenceError(self.missing(frozenset({Need.NETWORK})) or "")
        return self.network

    def require_opinions(self) -> None:
        """Refuse a network that answers all clean images alike: no defence can compare its classes.

        Raises:
            DefenceError: If it does so, or its answers are not finite.
        """
        answers = np.unique(self.logits(self.clean.images).argmax(axis=1))
        if len(answers) == 1:
            said = f"'{self.classes[int(answers[0])]}' to all {len(self.clean.labels)} clean held-out images"
            raise DefenceError(f"the network answers {said}, so its classes cannot be compared")

    def inputs(self, images: Images) -> torch.Tensor:
        """Images as the PyTorch network takes them, normalised `(n, c, h, w) float32` on the device."""
        return self.require_network().normalise(to_tensor(images).to(self.device))

    def activations(self, layers: nn.Module, images: Images) -> Floats:
        """The output of some of the PyTorch network's layers for images, `(n, …) float32`."""
        fast, size = frozen(layers), min(ACTIVATIONS_BATCH, batch_size(images))
        with torch.inference_mode():
            found = [
                fast(self.inputs(images[at : at + size])).float().cpu().numpy() for at in range(0, len(images), size)
            ]
        return np.concatenate(found)

    def repaired(self, module: nn.Module, images: int, **details: float) -> Repaired:
        """The verdict of a defence that repairs.

        Args:
            module: The repaired network.
            images: How many clean images it was repaired with.
            details: What the defence chose, such as how much it pruned.
        """
        fast = frozen(module)

        @torch.inference_mode()
        def predict(given: Images) -> Floats:
            logits: Floats = fast(self.inputs(given)).float().cpu().numpy()
            return logits

        return Repaired(images=images, before=self._before, after=self._measured(predict), details=details)

    def class_indices(
        self,
        index: str,
        values: list[float],
        *,
        threshold: float,
        images: int,
        triggers: Mapping[int, RecoveredTrigger] | None = None,
        **details: list[float],
    ) -> ClassIndices:
        """The verdict of a defence that gives each class a number.

        Args:
            index: What the number is called.
            values: One for each class.
            threshold: Above it a class is suspicious.
            images: How many images the defence looked at.
            triggers: Those found, by class.
            details: What the numbers were computed from, one for each class.

        Raises:
            DefenceError: If a number is not finite.
        """
        for name, numbers in {index: values, **details}.items():
            for label, value in zip(self.classes, numbers, strict=True):
                if not np.isfinite(value):
                    raise DefenceError(f"the {name} of class '{label}' is not finite")
        shown = triggers or {}
        rows = [
            ClassIndex(
                label=label, index=value, details={name: numbers[at] for name, numbers in details.items()},
                trigger=shown.get(at),
            )
            for at, (label, value) in enumerate(zip(self.classes, values, strict=True))
        ]  # fmt: skip
        return ClassIndices(index=index, threshold=threshold, images=images, classes=rows, targets=self.targets)

    @cached_property
    def _before(self) -> Measurement:
        return self._measured(self.predict)

    def _measured(self, predict: Predict) -> Measurement:
        found = evaluate(
            predict, self.test.images, self.test.labels, data=self.data, labels_text=self.classes,
            trigger=self.trigger, label_map=self.label_map, batch_size=batch_size(self.test.images),
        )  # fmt: skip
        return found.model_copy(update={"per_class": {}})


def draw(count: int, most: int | None, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Indices of `most` of `count` things, drawn at random, ascending; of all if `most` is None or no fewer."""
    if most is None or count <= most:
        return np.arange(count)
    return np.sort(rng.choice(count, most, replace=False))


class Settings(BaseModel):
    """Settings of a defence; each defence has its own, with the paper's values as defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class Defence(Generic[S]):
    """A defence: one file makes one, `training.defences.registry` lists it, and everything else follows."""

    name: str
    """As the command line and results files have it."""
    title: str
    paper: str
    """Authors, title and year."""
    needs: frozenset[Need]
    settings: S
    examine: Callable[[Subject, S], AnyVerdict]
    """The defence itself."""

    def __call__(self, subject: Subject) -> AnyVerdict:
        """What the defence says of a subject.

        Raises:
            DefenceError: If the subject lacks what the defence needs, or the defence cannot cope with what it finds.
        """
        reason = subject.missing(self.needs)
        if reason:
            raise DefenceError(reason)
        return self.examine(subject, self.settings)

    def with_settings(self, values: Mapping[str, Any]) -> Defence[S]:
        """The same defence with other settings.

        Raises:
            DefenceError: If it has no such setting, or it cannot be so.
        """
        try:
            settings = type(self.settings).model_validate({**self.settings.model_dump(), **values})
        except ValidationError as error:
            first = error.errors()[0]
            known = ", ".join(type(self.settings).model_fields)
            raise DefenceError(
                f"{self.name}: setting '{'.'.join(map(str, first['loc']))}': {first['msg']}, found {first['input']!r}; "
                f"its settings are {known}"
            ) from error
        return replace(self, settings=settings)
