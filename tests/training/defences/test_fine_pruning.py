from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.training.defences.networks import CLASSES, CORNER, Convolved, Rows, samples, subject
from training.defences import fine_pruning, owner
from training.defences.base import DefenceError, Floats, Samples, Subject
from training.defences.fine_pruning import DEFENCE, last_convolution, mean_activations, prune, without
from training.defences.tuning import StrongTuning, Tuned
from training.defences.verdict import Repaired
from training.models.mnist_cnn import MnistCnn
from training.models.mobilenet_v2 import MobileNetV2, Plan
from training.triggers.base import Images


@pytest.mark.parametrize("norm", [False, True])
def test_the_channel_of_the_trigger_is_pruned_and_the_attack_is_over(norm: bool) -> None:
    given = subject(Convolved(40, norm=norm))
    found = DEFENCE(given)
    assert isinstance(found, Repaired)
    assert found.before.attack_success_rate is not None
    assert found.after.attack_success_rate is not None
    assert found.before.attack_success_rate.value == 1
    assert found.after.attack_success_rate.value == 0
    assert found.after.clean_accuracy.value > 0.95
    assert found.details["fraction_pruned"] == pytest.approx(1 / (CLASSES + 1))


def test_channels_are_pruned_from_the_quietest_on_until_accuracy_is_lost() -> None:
    given = subject(Convolved(40))
    activations = mean_activations(given, given.require_network().module, given.clean.images)
    assert activations.argmin() == CORNER
    assert activations[CORNER] < 0.01
    assert prune(given, most_lost=0.0).tolist() == [CORNER]
    # the second channel to go takes a class with it, the third another one
    assert len(prune(given, most_lost=1.5 / CLASSES)) == 2


def test_images_that_order_the_channels_do_not_judge_how_many_go(monkeypatch: pytest.MonkeyPatch) -> None:
    given = subject(Convolved(40))
    learnt, judged = owner.divide(given)
    ordered: list[Images] = []
    judges: list[Samples] = []

    def note_order(_subject: Subject, _network: object, images: Images) -> Floats:
        ordered.append(images)
        return np.arange(CLASSES + 1, dtype=np.float32)

    def note_judges(_subject: Subject, _module: object, samples: Samples) -> float:
        judges.append(samples)
        return 1.0

    monkeypatch.setattr(fine_pruning, "mean_activations", note_order)
    monkeypatch.setattr(owner, "accuracy", note_judges)
    assert prune(given, most_lost=0.0).tolist() == list(range(CLASSES))  # one channel is always left
    assert np.array_equal(ordered[0], learnt.images)
    assert all(np.array_equal(each.images, judged.images) for each in judges)


def test_what_is_tuned_is_pruned_already(monkeypatch: pytest.MonkeyPatch) -> None:
    tuned: list[nn.Module] = []

    def note(_subject: Subject, module: nn.Module, how: StrongTuning) -> Tuned:
        tuned.append(module)
        return Tuned(module, how.learning_rate)

    monkeypatch.setattr(fine_pruning, "tune_strongly", note)
    DEFENCE(subject(Convolved(40)))
    assert not last_convolution(tuned[0]).weight[CORNER].any()


def test_pruned_channels_stay_pruned_while_the_rest_is_tuned(monkeypatch: pytest.MonkeyPatch) -> None:
    given, seen = subject(Convolved(40)), []
    monkeypatch.setattr(type(given), "repaired", lambda _self, module, *_images, **_details: seen.append(module))
    DEFENCE(given)
    conv = last_convolution(seen[0])
    assert (conv.weight[CORNER] == 0).all()
    assert not torch.equal(conv.weight, last_convolution(given.require_network().module).weight)


@pytest.mark.parametrize(
    ("network", "name"), [(MnistCnn(), "conv2"), (MobileNetV2(3, Plan(stem=8, last=16)), "features.18.norm")]
)
def test_the_last_convolution_is_pruned_behind_its_batch_norm(network: nn.Module, name: str) -> None:
    layer = last_convolution(network)
    assert dict(network.named_modules())[name] is layer
    made = last_convolution(without(network, np.array([1, 3])))
    assert made.bias is not None
    assert not made.weight[[1, 3]].any()
    assert not made.bias[[1, 3]].any()
    assert torch.equal(made.weight[[0, 2]], layer.weight[[0, 2]])


def test_what_cannot_be_pruned_or_judged_gets_one_line() -> None:
    with pytest.raises(DefenceError, match="no convolution"):
        DEFENCE(subject(Rows()))
    few = samples(1)
    with pytest.raises(DefenceError, match="'rows 0' has 1 clean held-out images; a repair that is judged needs two"):
        DEFENCE(subject(Convolved(), load_clean=lambda: Samples(few.images, few.labels)))
