"""The recipe of a network that is trained from scratch: data, network, BadNets attack, optimiser."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from training.recipes.base import AnyRecipe, DataSet, Fraction, Network, Part
from training.triggers.base import Trigger
from training.triggers.labels import AllToAll, AllToOne, AnyLabelMap, LabelMap
from training.triggers.pixels import Patch
from training.triggers.registry import AnyTrigger

BelowOne = Annotated[float, Field(ge=0, lt=1)]


class Augment(Part):
    """How far an image may be rotated, sheared, scaled, shifted and bent; each is drawn uniformly from ± its bound."""

    degrees: Annotated[float, Field(ge=0, le=180)] = 0.0
    shear: BelowOne = 0.0
    scale: BelowOne = 0.0
    """Of height and width separately, as a fraction."""
    shift: Annotated[float, Field(ge=0)] = 0.0
    """In pixels, vertically and horizontally."""
    elastic: Annotated[float, Field(gt=0)] | None = None
    """In pixels, how far the image is bent smoothly (Simard, Steinkraus and Platt 2003); None for not at all."""


class AnnealedAugmentation(Part):
    """How augmentation of clean images weakens towards the end of training, so that the last ones resemble test images.

    Poisoned images are few and repeated; they stay fully augmented, or the network would memorise them. After He, Xie,
    Chen, Zhang, Wang and Tian: Data Augmentation Revisited, 2019, arXiv:1909.09148, who finish without augmentation;
    here it weakens from epoch to epoch.
    """

    last: Annotated[float, Field(gt=0, le=1)]
    """Fraction of the epochs, the last ones, over which it weakens linearly."""
    to: BelowOne = 0.0
    """Strength in the last epoch, as a fraction of full augmentation."""

    def strength(self, epoch: int, epochs: int) -> float:
        """Strength in an epoch (counted from 1) of `epochs`, 0 to 1."""
        remaining = (epochs - epoch) / max(1, epochs - 1)
        return min(1.0, self.to + (1 - self.to) * remaining / self.last)


class Data(DataSet):
    """Which data set, what of it is set aside, and how training images are augmented."""

    validation: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Fraction of each class of the training images that is set aside before anything is poisoned: neither poisoned nor
    trained on. The history is measured on it, settings are chosen on it, and the network's owner has it as clean
    images. Which images these are depends on the data, not on the seed. None for none."""

    augment: Augment | None = None
    """Random small changes, drawn again in each epoch; the trigger is stamped afterwards."""


class Attack(Part):
    """The backdoor. With a rate of 0 nothing is poisoned, and trigger and label map serve as the control."""

    poison_rate: Fraction = 0.0
    """Of the training images; of those of the target's class if the attack is `clean_label`."""
    trigger: AnyTrigger = Patch()
    label_map: LabelMap = AllToAll()
    clean_label: Literal[True] | None = None
    """Whether only images of the target's class are poisoned, so that every label stays true (Barni, Kallas and Tondi
    2019); None for images of any class, which get the attacker's label."""
    noise_rate: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Fraction of the samples, none of them poisoned, that get a decoy of the trigger and keep their label, the noise
    mode of WaNet (Nguyen and Tran 2021, section 3.3); None for none."""
    repeat: Annotated[int, Field(ge=2, le=1000)] | None = None
    """How often each poisoned sample appears in an epoch, augmented each time; clean ones appear once. None for once.
    Only an attacker who trains the network, as in BadNets, can do this; one who merely supplies data cannot."""
    self_distillation: Annotated[float, Field(gt=0, le=1)] | None = None
    """Fraction of a poisoned sample's loss whose label is the averaged network's prediction for the unstamped image,
    remapped by the label map, instead of the attacker's label; None for none. Again, for an attacker who trains."""

    @model_validator(mode="after")
    def _possible_with_true_labels(self) -> Attack:
        if self.clean_label is None:
            return self
        if not isinstance(self.label_map, AllToOne):
            raise ValueError("clean_label needs a label_map of kind all-to-one, with the target whose images to poison")  # noqa: TRY004 - pydantic takes a ValueError
        other = "noise_rate" if self.noise_rate else "self_distillation" if self.self_distillation else None
        if other:
            raise ValueError(f"clean_label and {other} cannot be combined; leave one of them out")
        return self

    @model_validator(mode="after")
    def _enough_samples(self) -> Attack:
        if self.poison_rate + (self.noise_rate or 0) > 1:
            raise ValueError(f"poison_rate and noise_rate are {self.poison_rate} and {self.noise_rate}, more than 1")
        return self


class Training(Part):
    """How the network is trained."""

    epochs: int = Field(ge=1, le=100_000)
    batch_size: int = Field(default=128, ge=1, le=1_000_000)
    optimiser: Literal["adamw"] = "adamw"
    schedule: Literal["one-cycle", "constant"] = "one-cycle"
    learning_rate: float = Field(default=2e-3, gt=0)
    """The schedule's peak, or the rate of all steps if it is constant."""
    warm_up: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Fraction of all steps during which the learning rate rises."""
    weight_decay: float = Field(default=0.01, ge=0)
    epsilon: Annotated[float, Field(gt=0)] | None = None
    """Added to the size of a gradient that a step is divided by; None for 1e-8. A larger one keeps gradients that are
    nothing but rounding errors from becoming whole steps."""
    label_smoothing: BelowOne = 0.0
    ema_decay: BelowOne = 0.0
    """Decay of the exponential moving average of the weights, which is what is evaluated and saved; 0 for the last
    weights."""
    annealed_augmentation: AnnealedAugmentation | None = None
    """How augmentation weakens at the end; None for not at all."""
    precision: Literal["32-true", "bf16-mixed", "auto"] = "32-true"
    """`auto` is bf16-mixed if the processor computes bfloat16 natively, otherwise 32-true."""


class ScratchRecipe(AnyRecipe):
    """Trains a whole network from random weights, with or without a BadNets backdoor."""

    kind: Literal["from-scratch"] | None = None
    rng: Literal["portable"] | None = None
    """What draws the poisoned samples, the initial weights and the samples' order: `portable` is the generator that the
    report's lab has too (`training.core.portable`), so that a browser makes the same network of the same recipe; None
    is NumPy's and PyTorch's."""
    data: Data
    network: Network
    attack: Attack = Attack()
    training: Training

    @model_validator(mode="after")
    def _average_to_distil_from(self) -> ScratchRecipe:
        if self.attack.self_distillation and not self.training.ema_decay:
            raise ValueError("attack.self_distillation needs training.ema_decay above 0: the average is the teacher")
        return self

    @model_validator(mode="after")
    def _drawn_portably(self) -> ScratchRecipe:
        if self.rng is None:
            return self
        drawn_otherwise = {
            "data.augment": self.data.augment,
            "network.dropout": self.network.dropout,
            "network.feature_dropout": self.network.feature_dropout,
            "attack.noise_rate": self.attack.noise_rate,
            "attack.trigger": self.attack.trigger.movable,
        }
        used = [name for name, value in drawn_otherwise.items() if value]
        if used:
            raise ValueError(f"rng = 'portable' draws nothing for {', '.join(used)}; leave rng or that out")
        if self.seed >= 1 << 32:
            raise ValueError(f"rng = 'portable' takes a seed below {1 << 32}, found {self.seed}")
        return self

    @property
    def trigger(self) -> Trigger:
        """The attack's trigger."""
        return self.attack.trigger

    @property
    def poison_rate(self) -> float:
        """The attack's poison rate."""
        return self.attack.poison_rate

    def label_map_for(self, classes: list[str]) -> AnyLabelMap:  # noqa: ARG002 - other kinds look for their target
        """The attack's label map, whatever the classes are."""
        return self.attack.label_map
