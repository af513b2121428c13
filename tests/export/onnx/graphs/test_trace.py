from __future__ import annotations

import numpy as np
import pytest
import torch

from export.errors import ExportError
from export.onnx.agreement import relative_difference
from export.onnx.graphs.trace import Tensors, trace
from export.onnx.graphs.training_step import adam, corrections
from export.onnx.session import open_session
from export.onnx.to_onnx import serialise


@pytest.mark.parametrize(("size", "stride", "padding"), [(11, 2, 2), (10, 2, 1)])
def test_the_gradients_of_a_convolution_are_autograds(size: int, stride: int, padding: int) -> None:
    torch.manual_seed(1)
    given = torch.randn(2, 3, size, size), torch.randn(4, 3, 3, 3), torch.randn(4)

    def loss(*tensors: torch.Tensor) -> torch.Tensor:
        image, weight, bias = tensors
        made = torch.nn.functional.conv2d(image, weight, bias, stride=stride, padding=padding)
        return torch.tanh(made).square().sum()

    def gradients(*tensors: torch.Tensor) -> Tensors:
        found: Tensors = torch.func.grad(loss, argnums=(0, 1, 2))(*tensors)
        return found

    names = ("image", "weight", "bias")
    made = open_session(serialise(trace(gradients, given, names, [f"by_{name}" for name in names])))
    found = made.run(None, {name: each.numpy() for name, each in zip(names, given, strict=True)})
    for one, expected in zip(found, gradients(*given), strict=True):
        assert relative_difference(one, expected.numpy()) < 1e-5


def test_the_gradient_of_a_maximum_goes_where_autograds_goes_also_between_equals() -> None:
    given = torch.tensor([0.0, 1.0, 2.0])[torch.randint(0, 3, (2, 3, 8, 6), generator=torch.Generator().manual_seed(1))]

    def gradient(image: torch.Tensor) -> Tensors:
        weights = torch.arange(12.0).reshape(4, 3)
        by_image: torch.Tensor = torch.func.grad(
            lambda x: (torch.nn.functional.max_pool2d(x, 2) * weights).square().sum()
        )(image)
        return (by_image,)

    session = open_session(serialise(trace(gradient, (given,), ("image",), ("by_image",))))
    assert np.array_equal(session.run(None, {"image": given.numpy()})[0], gradient(given)[0].numpy())


def test_a_maximum_over_windows_that_overlap_is_refused() -> None:
    def gradient(image: torch.Tensor) -> Tensors:
        by_image: torch.Tensor = torch.func.grad(lambda x: torch.nn.functional.max_pool2d(x, 3, 1).sum())(image)
        return (by_image,)

    with pytest.raises(ExportError, match="cover the image, each pixel once"):
        trace(gradient, (torch.randn(1, 1, 6, 6),), ("image",), ("by_image",))


def test_a_step_of_adam_is_pytorchs() -> None:
    torch.manual_seed(1)
    values = torch.randn(50)
    theirs = values.clone().requires_grad_(True)
    optimiser = torch.optim.Adam([theirs], lr=0.01, eps=1e-5)
    first, second = torch.zeros(50), torch.zeros(50)
    for step in range(1, 6):
        gradient = torch.randn(50) * torch.logspace(-9, 0, 50)
        theirs.grad = gradient.clone()
        optimiser.step()
        rate, root = (torch.tensor(value) for value in corrections(step, 0.01))
        values, first, second = adam(values, gradient, first, second, rate, root, torch.tensor(1e-5))
    assert relative_difference(values.numpy(), theirs.detach().numpy()) < 1e-6


def test_epsilon_is_not_taken_for_a_zero() -> None:
    def step(*given: torch.Tensor) -> Tensors:
        values, gradient, first, second, rate, root, epsilon = given
        return adam(values, gradient, first, second, rate, root, epsilon)

    names = ("values", "gradient", "first", "second", "rate", "root", "epsilon")
    example = (*(torch.zeros(3) for _ in range(4)), *(torch.tensor(value) for value in (0.1, 1.0, 1e-8)))
    session = open_session(serialise(trace(step, example, names, ("new_values", "new_first", "new_second"))))
    found = session.run(None, {name: each.numpy() for name, each in zip(names, example, strict=True)})
    assert np.array_equal(found[0], np.zeros(3))


def test_a_convolution_whose_gradient_is_not_written_is_refused() -> None:
    def gradient(image: torch.Tensor, weight: torch.Tensor) -> Tensors:
        by_weight: torch.Tensor = torch.func.grad(
            lambda given: torch.nn.functional.conv2d(image, given, groups=2).square().sum()
        )(weight)
        return (by_weight,)

    with pytest.raises(ExportError, match="no groups, no dilation"):
        trace(gradient, (torch.randn(1, 4, 8, 8), torch.randn(4, 2, 3, 3)), ("image", "weight"), ("by_weight",))
