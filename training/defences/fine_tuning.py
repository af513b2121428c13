"""Fine-tuning on clean images, gently or thoroughly: what the attacker wrote into the weights may fade."""

from __future__ import annotations

from training.defences import tuning
from training.defences.base import Defence, Need, Subject
from training.defences.tuning import FineTuning, fine_tune
from training.defences.verdict import Repaired
from training.models import parts


def examine(subject: Subject, how: FineTuning) -> Repaired:
    """Fine-tune the subject on its clean held-out images."""
    module, clean = subject.require_network().module, subject.clean
    before, _ = parts.split(module, how.train_from)
    activations = subject.activations(before, clean.images)
    made = fine_tune(module, how.train_from, activations, clean.labels, how, subject.seed)
    return subject.repaired(made, len(clean.labels))


GENTLE = Defence(
    name="fine-tuning",
    title="Gentle fine-tuning",
    paper="Yao, Li, Zheng, Zhao: Latent Backdoor Attacks on Deep Neural Networks, 2019",
    needs=frozenset({Need.NETWORK, Need.CLEAN}),
    settings=FineTuning(),
    examine=examine,
)
THOROUGH = Defence(
    name="thorough-fine-tuning",
    title="Thorough fine-tuning",
    paper="Sha, He, Berrang, Humbert, Zhang: Fine-Tuning Is All You Need to Mitigate Backdoor Attacks, 2022",
    needs=GENTLE.needs,
    settings=tuning.THOROUGH,
    examine=examine,
)
