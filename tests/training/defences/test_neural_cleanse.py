from __future__ import annotations

import torch

from training.defences.neural_cleanse import reverse_trigger


class Corner(torch.nn.Module):
    """Answers class 1 when the corner is bright, class 0 otherwise."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        bright = 20 * (x[:, 0, :2, :2].mean((1, 2)) - 0.5)
        return torch.stack([-bright, bright], dim=1)


def test_a_planted_trigger_is_found_where_it_is() -> None:
    inputs = 0.3 * torch.rand(64, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    inputs[0, 0, 0, 0] = 1  # so that the pattern may be bright
    found = reverse_trigger(Corner(), inputs, 1, steps=200)
    assert found.success > 0.9
    assert found.mask[:2, :2].sum() > 0.7 * found.size
