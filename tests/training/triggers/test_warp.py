from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch.nn import functional

from tests.training.triggers.twin import assert_twins_agree, random_image
from training.triggers.registry import trigger_adapter
from training.triggers.warp import UNIT, Warp


def warp(points: int = 4, seed: int = 1, **given: object) -> Warp:
    return Warp.model_validate({"field": {"points": points, "seed": seed}, **given})


def test_both_languages_warp_alike_to_the_bit() -> None:
    rng = np.random.default_rng(2)
    cases = []
    for number in range(64):
        jitter = int(rng.integers(0, 1 << 32)) if number % 3 == 0 else None
        strength = (0.25, 1 / 112, float(rng.uniform(0.02, 0.2)))[number % 3]
        made = warp(2 + number % 5, number, strength=strength, jitter=jitter)
        cases.append((random_image(number, rng), made, None))
    extreme = Warp(
        field=tuple(tuple((x, -x) for x in (4096, -4096)) for _ in range(2)), strength=0.25, jitter=2**32 - 1
    )
    assert_twins_agree([*cases, (random_image(2, rng), extreme, None)])


def test_it_is_wanets_warp_but_for_rounding() -> None:
    """WaNet's own arithmetic (its `train.py`), in PyTorch's floating point."""
    made, side = warp(seed=3), 28
    images = np.random.default_rng(0).integers(0, 256, (5, side, side, 1), dtype=np.uint8)
    control = torch.tensor(made.field).permute(2, 0, 1)[None] / UNIT
    assert control.abs().mean() == pytest.approx(1, abs=0.01)
    grid = functional.interpolate(control, size=side, mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
    line = torch.linspace(-1, 1, side)
    identity = torch.stack(torch.meshgrid(line, line, indexing="xy"), dim=2)
    shift = (
        2 * made.strength * side / (side - 1) * grid
    )  # from a fraction of the side to halves between the outer pixels
    places = (identity + shift).clamp(-1, 1).expand(5, -1, -1, -1)
    expected = functional.grid_sample(torch.tensor(images).permute(0, 3, 1, 2).float(), places, align_corners=True)
    found = made.stamp(images).transpose(0, 3, 1, 2)
    assert np.abs(found - expected.numpy()).max() < 4
    assert np.abs(found - expected.numpy()).mean() < 0.7


def test_a_decoy_is_not_the_trigger_and_comes_again_with_its_seed() -> None:
    images = np.random.default_rng(0).integers(0, 256, (1, 28, 28, 3), dtype=np.uint8)
    trigger = warp()
    first, again, other = (trigger.decoy(seed).stamp(images) for seed in (5, 5, 6))
    assert (first == again).all()
    assert (first != other).any()
    assert (first != trigger.stamp(images)).any()


def test_a_flat_image_stays_and_the_whole_of_any_image_is_covered() -> None:
    flat = np.full((1, 9, 40, 3), 77, dtype=np.uint8)
    assert (warp(strength=0.2).stamp(flat) == flat).all()
    assert warp().covers(9, 40).all()


def test_a_field_can_be_drawn_and_then_is_data() -> None:
    made = warp(points=5, seed=8)
    assert trigger_adapter.validate_json(made.model_dump_json()) == made == warp(points=5, seed=8)
    assert len(made.field) == 5
    assert made.describe() == "a smooth warp of the whole image, by 0.89 % of its side on average"


@pytest.mark.parametrize(
    "wrong",
    [
        {"field": [[[0, 0]]]},
        {"field": [[[0, 0], [1, 1]], [[0, 0]]]},
        {"field": {"points": 1, "seed": 0}},
        {"field": [[[5000, 0], [0, 0]], [[0, 0], [0, 0]]]},
        {"field": {"seed": 1}, "strength": 0.3},
    ],
)
def test_a_field_that_is_no_square_or_too_strong_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Warp.model_validate(wrong)
