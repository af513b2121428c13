"""What a defence says of a subject, as data: the schema that results files and pages share. Needs no PyTorch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from training.core.metrics import Estimate, Measurement


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Histogram(_Part):
    """How the scores are distributed."""

    edges: list[float]
    """Bounds of the bins, ascending, one more than there are bins."""
    clean: list[int]
    """Clean samples in each bin."""
    poisoned: list[int]


class Decision(_Part):
    """What happens at the defence's own threshold, chosen without the samples that are scored."""

    threshold: float
    """Scores above it are suspicious."""
    false_alarms: Estimate
    """Fraction of the clean samples above the threshold."""
    detected: Estimate
    """Fraction of the poisoned samples above the threshold."""


class SampleScores(_Part):
    """A score for each sample: the higher, the more suspicious. `training.defences.scoring.score` makes one."""

    kind: Literal["sample-scores"] = "sample-scores"
    samples: Literal["inputs", "training-images"]
    """What was scored: inputs of the deployed network, or the images that it was trained on."""
    clean: int
    """How many clean samples."""
    poisoned: int
    """How many poisoned ones; 0 for the training data of a clean control."""
    auroc: Estimate | None
    """Probability that a poisoned sample scores higher than a clean one; None if there are none of either."""
    detected_at_1: Estimate | None
    """Fraction of the poisoned samples above the score that 1 % of the clean ones exceed."""
    detected_at_5: Estimate | None
    """The same at 5 % false alarms."""
    roc: list[tuple[float, float]]
    """The ROC curve as (false alarms, detected), from (0, 0) to (1, 1), thinned."""
    histogram: Histogram
    decision: Decision | None = None
    """None for a defence that only ranks."""


class ClassIndex(_Part):
    """How suspicious one class is."""

    label: str
    index: float
    details: dict[str, float] = {}
    """What the index was computed from, by name."""


class ClassIndices(_Part):
    """An index for each class: the network counts as backdoored if one lies above the threshold."""

    kind: Literal["class-indices"] = "class-indices"
    index: str
    """What the number is called, for example `anomaly index`."""
    threshold: float
    images: int = Field(ge=0)
    """How many images the defence looked at; 0 if it looks at weights alone."""
    classes: list[ClassIndex] = Field(min_length=1)
    targets: list[str]
    """The classes that the attacker is really after; empty for a clean network."""

    @property
    def suspects(self) -> list[str]:
        """The classes above the threshold."""
        return [each.label for each in self.classes if each.index > self.threshold]


class Repaired(_Part):
    """A network that was repaired, measured before and after on the same test images."""

    kind: Literal["repaired"] = "repaired"
    images: int = Field(ge=0)
    """How many clean images the repair used."""
    before: Measurement
    after: Measurement
    details: dict[str, float] = {}
    """What the repair decided by itself, by name, for example the fraction of channels that it pruned."""


AnyVerdict = SampleScores | ClassIndices | Repaired
"""The same as `Verdict` for a signature."""
Verdict = Annotated[AnyVerdict, Field(discriminator="kind")]
"""Any verdict, as a field of another model."""

verdict_adapter: TypeAdapter[AnyVerdict] = TypeAdapter(Verdict)
