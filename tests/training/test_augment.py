from __future__ import annotations

import pytest
import torch

from training.augment import Augment, Fade, warp

PICTURES = torch.rand(16, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 255


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_no_amounts_leave_the_pictures_as_they_are() -> None:
    torch.testing.assert_close(warp(PICTURES, Augment(), chance()), PICTURES, atol=1e-2, rtol=0)


def test_the_same_chance_gives_the_same_pictures() -> None:
    augment = Augment(degrees=10, elastic=1.0)
    assert (warp(PICTURES, augment, chance()) == warp(PICTURES, augment, chance())).all()


def test_each_picture_is_varied_by_itself() -> None:
    same = PICTURES[:1].repeat(16, 1, 1, 1)
    varied = warp(same, Augment(shift=2), chance())
    assert len({picture.sum().item() for picture in varied}) > 8


def test_a_picture_is_shifted_by_no_more_pixels_than_allowed() -> None:
    dot = torch.zeros(200, 1, 28, 28)
    dot[:, :, 14, 14] = 255
    moved = warp(dot, Augment(shift=2), chance())
    rows, columns = moved.amax(dim=(0, 1, 3)).nonzero().flatten(), moved.amax(dim=(0, 1, 2)).nonzero().flatten()
    assert 12 <= rows.min() <= 13
    assert 15 <= rows.max() <= 16
    assert 12 <= columns.min() <= 13
    assert 15 <= columns.max() <= 16


def test_a_bent_picture_differs_from_an_unbent_one_and_stays_near_it() -> None:
    smooth = torch.nn.functional.interpolate(PICTURES[:, :, :4, :4], size=(28, 28), mode="bicubic")
    bent = warp(smooth, Augment(elastic=1.0), chance())
    inside = (bent - smooth)[:, :, 4:-4, 4:-4].abs()
    assert inside.mean() > 0.1
    assert inside.mean() < 0.2 * smooth.std()


def test_half_the_strength_halves_every_bound_and_none_leaves_nothing() -> None:
    augment = Augment(degrees=10, shift=2, elastic=1.0)
    assert augment.times(0.5) == Augment(degrees=5, shift=1, elastic=0.5)
    assert augment.times(0) == Augment()
    assert augment.times(1) == augment


@pytest.mark.parametrize(
    ("fade", "strengths"),
    [
        (Fade(last=0.5, to=0.2), [1, 1, 1, 0.6, 0.2]),
        (Fade(last=1), [1, 0.75, 0.5, 0.25, 0]),
    ],
)
def test_variation_fades_over_the_last_epochs(fade: Fade, strengths: list[float]) -> None:
    assert [fade.strength(epoch, 5) for epoch in range(1, 6)] == pytest.approx(strengths)


def test_a_single_epoch_is_the_last() -> None:
    assert Fade(last=0.5, to=0.2).strength(1, 1) == pytest.approx(0.2)
