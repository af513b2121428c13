from __future__ import annotations

import pytest
import torch

from training.models.registry import build
from training.recipes.base import Network


def test_the_network_has_the_layers_it_is_said_to_have() -> None:
    shapes = {name: tuple(value.shape) for name, value in build("mnist-cnn", 10).state_dict().items()}
    assert shapes == {
        "conv1.weight": (32, 1, 3, 3), "conv1.bias": (32,),
        "conv2.weight": (64, 32, 3, 3), "conv2.bias": (64,),
        "dense1.weight": (128, 9216), "dense1.bias": (128,),
        "dense2.weight": (10, 128), "dense2.bias": (10,),
    }  # fmt: skip


def test_pooling_before_the_relu_changes_nothing() -> None:
    network = build("mnist-cnn", 10).eval()
    parts = dict(network.named_children())
    x = torch.randn(4, 1, 28, 28)
    y = parts["conv2"](torch.relu(parts["conv1"](x)))
    y = torch.nn.functional.max_pool2d(torch.relu(y), 2).flatten(1)
    torch.testing.assert_close(network(x), parts["dense2"](torch.relu(parts["dense1"](y))))


def test_the_output_are_logits_for_any_batch_and_number_of_classes() -> None:
    logits = build("mnist-cnn", 7).eval()(torch.zeros(3, 1, 28, 28))
    assert logits.shape == (3, 7)


def test_dropout_changes_training_and_leaves_evaluation_alone() -> None:
    network = build(Network(name="mnist-cnn", dropout=0.5, feature_dropout=0.2), 10)
    x = torch.randn(2, 1, 28, 28)
    assert (network(x) != network(x)).any()
    network.eval()
    assert (network(x) == network(x)).all()


def test_an_unknown_network_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="did you mean 'mnist-cnn'"):
        build("mnist-cn", 10)
