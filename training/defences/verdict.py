"""What a defence says of a subject, as data: the schema that results files and pages share. Needs no PyTorch."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from training.core.metrics import Estimate, Measurement

Finding = tuple[str, Estimate | str]
"""What was found, by name: a proportion with its interval, or a text."""


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


class LabelNumbers(_Part):
    """What a defence of training data saw among the images that carry one label."""

    label: str
    numbers: dict[str, float]
    """By name, for example the silhouette score of its two clusters."""
    suspicious: bool
    """Whether the defence takes a part of these images for poison."""


class SampleScores(_Part):
    """A score for each sample: the higher, the more suspicious. `training.defences.scoring.score` makes one."""

    kind: Literal["sample-scores"] = "sample-scores"
    samples: Literal["inputs", "training-images", "networks"]
    """What was scored: inputs of the deployed network, the images that it was trained on, or whole networks."""
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
    labels: list[LabelNumbers] = []
    """Of a defence that first decides which labels' images to look at."""

    @property
    def uses_trigger(self) -> bool:
        """Whether another trigger would give another verdict of the same network."""
        return self.samples == "inputs"

    @property
    def findings(self) -> list[Finding]:
        """What to show of it."""
        decided = self.decision
        found = (
            ("AUROC", self.auroc),
            ("detected at 1 % false alarms", self.detected_at_1),
            ("detected at 5 % false alarms", self.detected_at_5),
            ("detected at its own threshold", decided.detected if decided and self.poisoned else None),
            ("false alarms at its own threshold", decided.false_alarms if decided and self.clean else None),
        )
        known: list[Finding] = [(name, estimate) for name, estimate in found if estimate is not None]
        return [*known, ("suspicious labels", self._suspicious)] if self.labels else known

    @property
    def _suspicious(self) -> str:
        """The suspicious labels, each with its numbers, in words."""
        shown = [
            f"{each.label} ({', '.join(f'{name} {value:.2f}' for name, value in each.numbers.items())})"
            for each in self.labels
            if each.suspicious
        ]
        return ", ".join(shown) or "none"


class RecoveredTrigger(_Part):
    """A trigger that a defence found for a class, as two PNG files in base64, which a page can show as they are."""

    mask: str
    """Grey, `(h, w)`: from 0, where it leaves the image alone, to 255, where it covers it."""
    pattern: str
    """Grey or RGB, `(h, w)`: what it covers the image with; black where the mask is 0."""


class ClassIndex(_Part):
    """How suspicious one class is."""

    label: str
    index: float
    details: dict[str, float] = {}
    """What the index was computed from, by name."""
    trigger: RecoveredTrigger | None = None
    """What the defence takes for the attacker's trigger; None if it looks for none."""


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
    uses_trigger: ClassVar[bool] = False

    @property
    def suspects(self) -> list[str]:
        """The classes above the threshold."""
        return [each.label for each in self.classes if each.index > self.threshold]

    @property
    def findings(self) -> list[Finding]:
        """What to show of it."""
        highest = max(self.classes, key=lambda each: each.index)
        return [
            (f"highest {self.index}", f"{highest.index:.2f}, class {highest.label}"),
            (f"classes above {self.threshold:g}", ", ".join(self.suspects) or "none"),
        ]


class Repaired(_Part):
    """A network that was repaired, measured before and after on the same test images."""

    kind: Literal["repaired"] = "repaired"
    images: int = Field(ge=0)
    """How many clean images the repair used."""
    before: Measurement
    after: Measurement
    details: dict[str, float] = {}
    """What the repair decided by itself, by name, for example the fraction of channels that it pruned."""
    uses_trigger: ClassVar[bool] = True

    @property
    def findings(self) -> list[Finding]:
        """What to show of it."""
        found: list[Finding] = []
        for field, name in (
            ("clean_accuracy", "clean accuracy"),
            ("attack_success_rate", "attack success rate"),
            ("robust_accuracy", "robust accuracy"),
        ):
            before, after = getattr(self.before, field), getattr(self.after, field)
            if before is not None and after is not None:
                found += [(f"{name} before", before), (f"{name} after", after)]
        return [*found, *((name.replace("_", " "), f"{value:.3g}") for name, value in self.details.items())]


AnyVerdict = SampleScores | ClassIndices | Repaired
"""The same as `Verdict` for a signature."""
Verdict = Annotated[AnyVerdict, Field(discriminator="kind")]
"""Any verdict, as a field of another model."""

verdict_adapter: TypeAdapter[AnyVerdict] = TypeAdapter(Verdict)
