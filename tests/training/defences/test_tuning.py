from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.training.defences.networks import Convolved, subject
from training.defences import batching, owner, tuning
from training.defences.base import Samples, Subject
from training.defences.tuning import FineTuning, StrongTuning, fine_tune, tune_strongly
from training.models import parts
from training.models.mnist_cnn import MnistCnn
from training.models.mobilenet_v2 import MobileNetV2, Plan
from training.triggers.base import Images


@pytest.mark.parametrize("one_cycle", [False, True])
def test_fine_tuning_changes_the_layers_from_the_given_one_on_and_learns(one_cycle: bool) -> None:
    torch.manual_seed(0)
    network = MobileNetV2(2, Plan()).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    activations = np.random.default_rng(0).normal(size=(8, 160, 2, 2)).astype(np.float16)
    labels = np.arange(8) % 2
    how = FineTuning(train_from=18, epochs=30, learning_rate=1e-2, one_cycle=one_cycle, batch_size=4)
    made = fine_tune(network, 17, activations, labels, how)
    after = made.state_dict()
    changed = {name.rsplit(".", 1)[0] for name, value in before.items() if not torch.equal(value, after[name])}
    assert "head" in changed
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in before.items())
    _, rest = parts.split(made, 17)
    with torch.no_grad():
        answers = parts.head(made)(rest(torch.from_numpy(activations).float())).argmax(1)
    assert (answers.numpy() == labels).all()
    untouched, _ = parts.split(made, 18)
    given, _ = parts.split(network, 18)
    assert all(torch.equal(a, b) for a, b in zip(untouched.parameters(), given.parameters(), strict=True))
    assert not any(parameter.requires_grad for parameter in made.parameters())


def test_a_network_trained_as_a_whole_takes_each_step_once(recwarn: pytest.WarningsRecorder) -> None:
    network = MnistCnn().eval()
    inputs = np.random.default_rng(0).normal(size=(4, 1, 28, 28)).astype(np.float32)
    made = fine_tune(network, 0, inputs, np.arange(4), FineTuning(epochs=1, learning_rate=1e-3))
    for name, value in network.state_dict().items():
        # Adam's first step is as large as the learning rate
        assert (made.state_dict()[name] - value).abs().max() < 1.1e-3, name
    assert not [each for each in recwarn if "duplicate parameters" in str(each.message)]


def test_a_batch_that_does_not_fit_in_memory_is_trained_on_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = MnistCnn().eval()
    inputs = np.random.default_rng(0).normal(size=(10, 1, 28, 28)).astype(np.float32)
    how = FineTuning(epochs=2, learning_rate=1e-3, batch_size=10, label_smoothing=0.1)
    whole = fine_tune(network, 0, inputs, np.arange(10), how).state_dict()
    monkeypatch.setattr(batching, "PIXELS_TRAINED", 4 * 28 * 28)
    split = fine_tune(network, 0, inputs, np.arange(10), how).state_dict()
    for name, value in network.state_dict().items():
        moved = (whole[name] - value).abs().max()
        assert (split[name] - whole[name]).abs().max() < 0.02 * moved, name


def test_a_third_of_the_clean_images_chooses_the_rate_and_the_last_tuning_takes_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = subject(Convolved(10))
    learnt, judged = owner.divide(given)
    trained: list[tuple[int, float]] = []
    judges: list[Samples] = []

    def note_training(
        network: torch.nn.Module, _cut: int, given: Images, _labels: object, how: FineTuning, _seed: int
    ) -> torch.nn.Module:
        trained.append((len(given), how.learning_rate))
        return network

    def note_judges(_subject: Subject, _module: object, samples: Samples) -> float:
        judges.append(samples)
        return 1.0

    monkeypatch.setattr(tuning, "fine_tune", note_training)
    monkeypatch.setattr(owner, "accuracy", note_judges)
    how = StrongTuning(learning_rate=0.1, doublings=1)
    assert tune_strongly(given, given.require_network().module, how).learning_rate == 0.2
    few, every = len(learnt.labels), len(given.clean.labels)
    assert trained == [(few, 0.1), (few, 0.2), (every, 0.2)]
    assert all(np.array_equal(each.images, judged.images) for each in judges)
