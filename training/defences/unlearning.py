"""Unlearning (Wang et al. 2019): teach the network to ignore the trigger that Neural Cleanse found."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from training.defences.base import Defence, Need, Settings, Subject
from training.defences.outliers import SUSPICIOUS
from training.defences.trigger_search import Found, TriggerSearch, find_triggers
from training.defences.tuning import StrongTuning, tune_strongly
from training.defences.verdict import Repaired
from training.triggers.base import Images

STEPS = 187
"""Of the paper's epoch: 6,000 images of MNIST in batches of 32."""


class Unlearning(Settings):
    """How a found trigger is unlearnt."""

    stamped: float = Field(default=0.2, gt=0, le=1)
    """Fraction of the clean images that get the trigger and keep their label."""
    suspicious: float = Field(default=SUSPICIOUS, ge=0)
    """Anomaly index above which a class's trigger is unlearnt."""
    rounds: int = Field(default=TriggerSearch().rounds, ge=1)
    """Of the search for triggers."""
    most_lost: float = Field(default=StrongTuning().most_lost, ge=0, le=1)
    """Clean accuracy that may be lost, as for fine-tuning."""


def stamp(images: Images, triggers: list[Found], fraction: float, seed: int) -> Images:
    """A copy of images `(n, h, w, c) uint8`, a fraction of them with a trigger; several triggers take turns."""
    made = images.copy()
    chosen = np.random.default_rng(seed).permutation(len(images))[: max(1, round(fraction * len(images)))]
    for turn, at in enumerate(chosen):
        trigger = triggers[turn % len(triggers)]
        mask = trigger.mask[:, :, None]
        made[at] = (images[at] * (1 - mask) + trigger.pattern * mask).round().astype(np.uint8)
    return made


def examine(subject: Subject, how: Unlearning) -> Repaired:
    """Find the triggers of suspicious classes, and fine-tune on clean images of which a fraction bears one.

    The paper makes one epoch over a tenth of the training data, some 190 steps on MNIST. Who has few images repeats
    them; the paper names no learning rate, so it is chosen on clean images set aside. Where no class is suspicious,
    there is no trigger to unlearn, and the network stays as it is.
    """
    found, indices = find_triggers(subject, TriggerSearch(rounds=how.rounds))
    suspects = [each for each, index in zip(found, indices, strict=True) if index > how.suspicious]
    if not suspects:
        return subject.repaired(subject.require_network().module, 0, triggers_unlearnt=0)
    tuned = tune_strongly(
        subject, subject.require_network().module, StrongTuning(most_lost=how.most_lost, fewest_steps=STEPS),
        lambda images: stamp(images, suspects, how.stamped, subject.seed),
    )  # fmt: skip
    return subject.repaired(
        tuned.module, len(subject.clean.labels), triggers_unlearnt=len(suspects), learning_rate=tuned.learning_rate
    )


DEFENCE = Defence(
    name="unlearning",
    title="Unlearning with the found trigger",
    paper="Wang, Yao, Shan, Li, Viswanath, Zheng, Zhao: Neural Cleanse: Identifying and Mitigating Backdoor Attacks in "
    "Neural Networks, 2019",
    needs=frozenset({Need.NETWORK, Need.CLEAN}),
    settings=Unlearning(),
    examine=examine,
)
