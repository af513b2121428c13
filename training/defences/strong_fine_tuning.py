"""Fine-tuning as strong as clean images allow: how an owner who knows of no trigger chooses the strength."""

from __future__ import annotations

from training.defences.base import Defence, Need, Subject
from training.defences.tuning import StrongTuning, tune_strongly
from training.defences.verdict import Repaired


def examine(subject: Subject, how: StrongTuning) -> Repaired:
    """Fine-tune the subject at the largest learning rate that keeps its accuracy on clean images set aside."""
    subject.require_opinions()
    made = tune_strongly(subject, subject.require_network().module, how)
    return subject.repaired(made.module, len(subject.clean.labels), learning_rate=made.learning_rate)


DEFENCE = Defence(
    name="strong-fine-tuning",
    title="Fine-tuning as strong as clean images allow",
    paper="Sha, He, Berrang, Humbert, Zhang: Fine-Tuning Is All You Need to Mitigate Backdoor Attacks, 2022",
    needs=frozenset({Need.NETWORK, Need.CLEAN}),
    settings=StrongTuning(),
    examine=examine,
)
