from __future__ import annotations

import pytest
import torch
from torch import nn

from training.engine.trainer import schedule
from training.recipes.scratch import Training


@pytest.mark.parametrize("steps", [1, 2, 4, 5, 6, 10])
def test_the_learning_rate_rises_and_falls_over_however_few_steps(steps: int) -> None:
    optimiser = torch.optim.SGD(nn.Linear(1, 1).parameters(), 1.0)
    rates = schedule(optimiser, Training(epochs=1, learning_rate=0.01, warm_up=0.2), steps)
    seen = []
    for _ in range(steps):
        seen.append(rates.get_last_lr()[0])
        optimiser.step()
        rates.step()
    assert 0 < max(seen) <= 0.01
    assert seen[-1] <= max(seen)
