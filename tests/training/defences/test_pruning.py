from __future__ import annotations

import numpy as np
import pytest
import torch

from training.defences.pruning import last_within, pruned


def test_pruning_blinds_the_head_to_the_quietest_channels() -> None:
    head = torch.nn.Linear(4, 2)
    features = np.array([[0.1, 5.0, 0.0, 3.0]], dtype=np.float32)
    weight = pruned(head, features, 0.5).weight
    assert (weight[:, [0, 2]] == 0).all()
    assert torch.equal(weight[:, [1, 3]], head.weight[:, [1, 3]])


@pytest.mark.parametrize(("most_lost", "wanted"), [(0.0, 0.5), (0.4, 0.5), (0.5, 1.0)])
def test_pruning_stops_before_more_accuracy_is_lost_than_allowed(most_lost: float, wanted: float) -> None:
    head = torch.nn.Linear(4, 2)
    with torch.no_grad():
        head.weight[:] = torch.tensor([[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
        head.bias[:] = torch.tensor([0.0, 0.1])
    # channels 0 and 1 are used by no class; 2 tells class 0, 3 class 1
    features = np.array([[0.1, 0.2, 1, 0], [0.1, 0.2, 0, 2]], dtype=np.float32)
    assert last_within(head, features, np.array([0, 1]), most_lost) == wanted
