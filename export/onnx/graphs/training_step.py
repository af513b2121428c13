"""One step of training as a graph: cross-entropy, its gradient, Adam (Kingma and Ba 2015)."""

from __future__ import annotations

import math

import onnx
import torch

from export.onnx.graphs.network import FlatNetwork
from export.onnx.graphs.trace import trace

BETAS = (0.9, 0.999)
"""PyTorch's defaults, which the toolkit trains with."""
INPUTS = ("parameters", "first", "second", "rate", "root", "epsilon", "images", "labels")
OUTPUTS = ("new_parameters", "new_first", "new_second", "loss")

Step = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def adam(  # noqa: PLR0913, PLR0917 - its state
    values: torch.Tensor,
    gradient: torch.Tensor,
    first: torch.Tensor,
    second: torch.Tensor,
    rate: torch.Tensor,
    root: torch.Tensor,
    epsilon: torch.Tensor,
    betas: tuple[float, float] = BETAS,
) -> Step:
    """One step of Adam.

    The caller corrects the bias of the two means (`corrections`): in float32, 1 - 0.999 has four digits.

    Args:
        values: What is optimised.
        gradient: Of the loss, the same shape.
        first: The gradient's running mean so far.
        second: That of its square.
        rate: The learning rate divided by the first mean's correction.
        root: Square root of the second mean's correction.
        epsilon: Added to the gradient's size.
        betas: How slowly the two means follow.

    Returns:
        The new values and means.
    """
    first = betas[0] * first + (1 - betas[0]) * gradient
    second = betas[1] * second + (1 - betas[1]) * gradient * gradient
    return values - rate * first / (torch.sqrt(second) / root + epsilon), first, second


def corrections(step: int, rate: float, betas: tuple[float, float] = BETAS) -> tuple[float, float]:
    """`rate` and `root` of a step, counted from 1, for a learning rate."""
    return rate / (1 - betas[0] ** step), math.sqrt(1 - betas[1] ** step)


def training_step(network: FlatNetwork, batch: int, height: int = 28, width: int = 28) -> onnx.ModelProto:
    """The graph.

    It takes parameters, Adam's two means, rate, root and epsilon (see `adam`), images `(batch, h, w) uint8` and labels
    `(batch,) int64`, and gives the new parameters and means, and the loss before the step.
    """

    def step(  # noqa: PLR0913, PLR0917 - the graph's inputs
        flat: torch.Tensor,
        first: torch.Tensor,
        second: torch.Tensor,
        rate: torch.Tensor,
        root: torch.Tensor,
        epsilon: torch.Tensor,
        images: torch.Tensor,
        labels: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:
        pixels = images.float()[:, None]

        def loss_of(parameters: list[torch.Tensor]) -> torch.Tensor:
            logits, _ = network.features(parameters, pixels)
            return torch.nn.functional.cross_entropy(logits, labels)

        # by the list of parameters: through the slices of the vector the exporter would write out megabytes of zeros
        gradients, loss = torch.func.grad_and_value(loss_of)(network.split(flat))
        gradient = torch.cat([each.reshape(-1) for each in gradients])
        return *adam(flat, gradient, first, second, rate, root, epsilon), loss

    example = (
        network.flat(), torch.zeros(network.size), torch.zeros(network.size),
        *(torch.tensor(value) for value in (1e-3, 1.0, 1e-8)),
        torch.zeros(batch, height, width, dtype=torch.uint8), torch.zeros(batch, dtype=torch.int64),
    )  # fmt: skip
    return trace(step, example, INPUTS, OUTPUTS)
