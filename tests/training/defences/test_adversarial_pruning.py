from __future__ import annotations

import copy

import pytest
import torch

from tests.training.defences.networks import CORNER, Convolved, subject
from training.defences import adversarial_pruning as anp
from training.defences import batching
from training.defences.base import DefenceError
from training.defences.verdict import Repaired
from training.models.mnist_cnn import MnistCnn
from training.models.mobilenet_v2 import MobileNetV2, Plan


@pytest.mark.parametrize("norm", [False, True])
def test_the_neuron_of_the_trigger_is_cut_off_and_the_others_are_kept(norm: bool) -> None:
    found = anp.DEFENCE(subject(Convolved(80, norm=norm)))
    assert isinstance(found, Repaired)
    assert found.before.attack_success_rate is not None
    assert found.after.attack_success_rate is not None
    assert (found.before.attack_success_rate.value, found.after.attack_success_rate.value) == (1, 0)
    assert found.after.clean_accuracy.value > 0.95


def test_the_mask_of_the_trigger_s_neuron_is_the_smallest() -> None:
    given = subject(Convolved(80))
    network = copy.deepcopy(given.require_network().module)
    (mask,) = anp.optimised_masks(given, network, given.clean, anp.DEFENCE.settings)
    assert mask.argmin() == CORNER
    assert mask[CORNER] < 0.2
    assert ((mask >= 0) & (mask <= 1)).all()


def test_a_batch_that_does_not_fit_in_memory_is_taken_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    given, how = subject(Convolved(80)), anp.AdversarialPruning(steps=20)

    def mask() -> torch.Tensor:
        network = copy.deepcopy(given.require_network().module)
        return anp.optimised_masks(given, network, given.clean, how)[0]

    whole = mask()
    monkeypatch.setattr(batching, "PIXELS_TRAINED", 7 * 12 * 12)
    assert torch.allclose(mask(), whole, atol=1e-3)
    assert whole.min() < 0.9


@pytest.mark.parametrize("norm", [False, True])
def test_a_change_acts_on_weights_and_biases_as_if_they_were_multiplied(norm: bool) -> None:
    network = Convolved(5, norm=norm).eval()
    layers = anp.neurons(network)
    rng = torch.Generator().manual_seed(0)
    change = anp.Change(torch.rand(7, generator=rng), torch.rand(7, generator=rng))
    x = torch.randn(4, 1, 12, 12, generator=rng)
    with torch.no_grad(), anp.changed(layers, [change]):
        found = network(x)
    by_hand = copy.deepcopy(network)
    (layer,) = anp.neurons(by_hand)
    assert layer.bias is not None
    with torch.no_grad():
        layer.weight *= change.weights.view(-1, *[1] * (layer.weight.dim() - 1))
        layer.bias *= change.biases
        assert torch.allclose(found, by_hand(x), rtol=1e-4, atol=1e-5)
        assert torch.equal(network(x), Convolved(5, norm=norm).eval()(x))


def test_the_neurons_are_batch_norms_or_else_all_layers_but_the_head() -> None:
    cnn = MnistCnn()
    assert anp.neurons(cnn) == [cnn.conv1, cnn.conv2, cnn.dense1]
    assert all(isinstance(each, torch.nn.BatchNorm2d) for each in anp.neurons(MobileNetV2(3, Plan())))


def test_pruning_cuts_weights_at_most_the_threshold_in_a_copy() -> None:
    network = Convolved(5)
    made = anp.pruned(network, [torch.tensor([0.0, 0.2, 0.3, 1, 1, 1, 1])], 0.2)
    assert isinstance(made, Convolved)
    assert not made.conv.weight[:2].any()
    assert torch.equal(made.conv.weight[2:], network.conv.weight[2:])
    assert all(torch.equal(a, b) for a, b in zip(made.parameters(), network.parameters(), strict=True) if a.dim() == 1)
    assert network.conv.weight[:2].any()


def test_no_threshold_is_taken_that_loses_too_much_on_images_that_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    useful = torch.tensor([0.1, 1, 1, 1, 1, 1, 0.0])
    monkeypatch.setattr(anp, "optimised_masks", lambda *_given: [useful])
    found = anp.DEFENCE(subject(Convolved(80)))
    assert isinstance(found, Repaired)
    assert found.details["threshold"] == 0.05
    assert found.after.clean_accuracy == found.before.clean_accuracy


def test_a_network_without_neurons_is_refused() -> None:
    class Flat(Convolved):
        def __init__(self) -> None:
            super().__init__()
            del self.conv, self.norm
            self.head = torch.nn.Linear(144, 6)

        def embed(self, x: torch.Tensor) -> torch.Tensor:
            return x.flatten(1)

    torch.manual_seed(0)
    with pytest.raises(DefenceError, match="no neuron to prune"):
        anp.DEFENCE(subject(Flat()))
