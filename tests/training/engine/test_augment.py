from __future__ import annotations

import pytest
import torch

from training.engine.augment import draw, warp
from training.recipes.scratch import AnnealedAugmentation, Augment

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


def test_each_picture_is_changed_as_strongly_as_is_said() -> None:
    augment = Augment(degrees=10, shift=2, elastic=1.0)
    change = draw(16, augment, chance())
    strengths = torch.tensor([0.0, 1.0] * 8)
    mixed, whole = change.times(strengths).apply(PICTURES), change.apply(PICTURES)
    torch.testing.assert_close(mixed[::2], PICTURES[::2], atol=1e-2, rtol=0)
    torch.testing.assert_close(mixed[1::2], whole[1::2])
    half, weaker = change.times(torch.full((16,), 0.5)), draw(16, Augment(degrees=5, shift=1, elastic=0.5), chance())
    torch.testing.assert_close(half.apply(PICTURES), weaker.apply(PICTURES), atol=1e-2, rtol=1e-3)


@pytest.mark.parametrize(
    ("fade", "strengths"),
    [
        (AnnealedAugmentation(last=0.5, to=0.2), [1, 1, 1, 0.6, 0.2]),
        (AnnealedAugmentation(last=1), [1, 0.75, 0.5, 0.25, 0]),
    ],
)
def test_variation_fades_over_the_last_epochs(fade: AnnealedAugmentation, strengths: list[float]) -> None:
    assert [fade.strength(epoch, 5) for epoch in range(1, 6)] == pytest.approx(strengths)


def test_a_single_epoch_is_the_last() -> None:
    assert AnnealedAugmentation(last=0.5, to=0.2).strength(1, 1) == pytest.approx(0.2)
