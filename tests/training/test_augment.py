from __future__ import annotations

import torch

from training.augment import Augment, warp

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
