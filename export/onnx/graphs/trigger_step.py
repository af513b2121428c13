"""One step of the search for a trigger as a graph (Wang et al. 2019, equation 2).

`training.defences.trigger_search` searches with PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable

import onnx
import torch

from export.onnx.graphs.network import FlatNetwork
from export.onnx.graphs.trace import trace
from export.onnx.graphs.training_step import adam

RATE, BETAS, EPSILON = 0.1, (0.5, 0.9), 1e-8
"""Of Adam, as the authors' code has them."""
INPUTS = ("parameters", "images", "unbounded", "first", "second", "rate", "root", "epsilon", "target", "weight")
OUTPUTS = ("new_unbounded", "new_first", "new_second", "trigger", "size", "success")


def trigger_step(network: FlatNetwork, batch: int, height: int = 28, width: int = 28) -> onnx.ModelProto:
    """The graph of `step_of`."""
    example = (
        network.flat(), torch.zeros(batch, height, width, dtype=torch.uint8),
        *(torch.zeros(2, height, width) for _ in range(3)), *(torch.tensor(value) for value in (0.1, 1.0, 1e-8)),
        torch.tensor(0), torch.tensor(0.0),
    )  # fmt: skip
    return trace(step_of(network), example, INPUTS, OUTPUTS)


def step_of(network: FlatNetwork) -> Callable[..., tuple[torch.Tensor, ...]]:
    """One step of the search.

    It takes parameters, clean images `(batch, h, w) uint8`, mask and pattern before the hyperbolic tangent `(2, h, w)`,
    Adam's means of them, its rate, root and epsilon (see `adam`), the target class `() int64`, and the weight of the
    mask's size in the loss. It gives the new values and means; and of those before the step, mask and pattern from 0 to
    1, `(2, h, w)`, the mask's sum, and the fraction of the images that they turn into the target.
    """

    def step(  # noqa: PLR0913, PLR0917 - the graph's inputs
        flat: torch.Tensor,
        images: torch.Tensor,
        unbounded: torch.Tensor,
        first: torch.Tensor,
        second: torch.Tensor,
        rate: torch.Tensor,
        root: torch.Tensor,
        epsilon: torch.Tensor,
        target: torch.Tensor,
        weight: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:
        parameters, pixels = network.split(flat), images.float()[:, None]

        def loss_of(values: torch.Tensor) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
            made = torch.tanh(values) / 2 + 0.5
            mask, pattern = made[:1], made[1:]
            logits, _ = network.features(parameters, pixels * (1 - mask) + 255 * pattern * mask)
            entropy = torch.nn.functional.cross_entropy(logits, target.expand(len(images)))
            success = (logits.argmax(dim=1) == target).float().mean()
            return entropy + weight * mask.sum(), (made, mask.sum(), success)

        gradient, told = torch.func.grad(loss_of, has_aux=True)(unbounded)
        return *adam(unbounded, gradient, first, second, rate, root, epsilon, BETAS), *told

    return step
