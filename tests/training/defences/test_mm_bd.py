from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
import torch

from tests.training.defences.networks import CLASSES, NORMALISE, SIZE, TARGET, Constant, Rows, subject
from training.defences.base import DefenceError, Network
from training.defences.mm_bd import DEFENCE, MaximumMargin, margins, p_values
from training.defences.verdict import ClassIndices

HOW = MaximumMargin(starts=3, steps=400, learning_rate=2)
SHAPE = (SIZE, SIZE, 1)


@cache
def examined(shortcut: float) -> ClassIndices:
    found = DEFENCE.with_settings(HOW.model_dump())(subject(Rows(shortcut, spread=0.5), load_clean=None))
    assert isinstance(found, ClassIndices)
    return found


def test_the_planted_target_is_the_only_suspect_without_a_clean_image() -> None:
    found = examined(40)
    assert found.suspects == found.targets == [f"rows {TARGET}"]
    assert found.images == 0


def test_the_same_network_without_the_shortcut_has_no_suspect() -> None:
    assert examined(0).suspects == []


def test_the_largest_margin_is_that_of_the_best_image_that_pixels_allow() -> None:
    found = margins(Network(Rows(), NORMALISE), SHAPE, CLASSES, HOW)
    # ten times the brightness of the class's rows, from black to white
    assert [each.largest for each in found] == pytest.approx([10.0] * CLASSES, rel=1e-4)


def test_a_search_stops_when_its_margins_no_longer_grow() -> None:
    network = Network(Rows(), NORMALISE)
    assert all(2 < each.steps < HOW.steps for each in margins(network, SHAPE, CLASSES, HOW))
    unending = margins(network, SHAPE, CLASSES, HOW.model_copy(update={"converged": 0}))
    assert [each.steps for each in unending] == [HOW.steps] * CLASSES


def test_the_seed_decides_where_the_search_starts() -> None:
    how = MaximumMargin(starts=1, steps=1)
    first, same, other = (margins(Network(Rows(), NORMALISE), SHAPE, CLASSES, how, seed=seed) for seed in (1, 1, 2))
    assert first == same
    assert first != other


def test_p_values_are_those_of_an_exponential_worked_by_hand() -> None:
    # the quantiles of an exponential distribution with mean 2, to which a gamma of shape 1 is the best fit
    null = -2 * np.log1p(-(np.arange(4000) + 0.5) / 4000)
    found = p_values(np.append(null, 40.0))
    assert found[-1] == pytest.approx(1 - (1 - math.exp(-20)) ** 4001, rel=0.1)
    assert found[2000] == pytest.approx(1)


def test_the_p_value_of_the_largest_does_not_depend_on_how_large_it_made_the_null() -> None:
    rest = [20.0, 25, 27, 22, 24, 28, 26, 23, 21]
    near, far = (p_values(np.array([*rest, top])) for top in (29, 60))
    assert near[:-1] == pytest.approx(far[:-1])
    assert far[-1] < 1e-6
    assert near[-1] > 0.05


def test_bad_networks_get_one_line() -> None:
    with pytest.raises(DefenceError, match="no image was found that the network answers 'rows 0' to"):
        DEFENCE(subject(Constant(1)))
    with pytest.raises(DefenceError, match="the margin of class 'rows 0' is not finite"):
        DEFENCE(subject(Constant(float("nan"))))
    with pytest.raises(DefenceError, match="4 classes or more, found 3"):
        DEFENCE(subject(Rows(), classes=["a", "b", "c"]))


def test_equal_margins_are_refused() -> None:
    class Equal(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 6 * torch.nn.functional.one_hot((x.mean((1, 2, 3)) * 1e6).long() % CLASSES, CLASSES) + 0 * x.sum()

    with pytest.raises(DefenceError, match="equal"):
        DEFENCE.with_settings({"starts": 60, "steps": 1})(subject(Equal()))
