from __future__ import annotations

import pytest
import torch

from training.engine.augment import draw, warp
from training.recipes.scratch import AnnealedAugmentation, Augment

IMAGES = torch.rand(16, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 255


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_no_amounts_leave_the_images_as_they_are() -> None:
    torch.testing.assert_close(warp(IMAGES, Augment(), rng()), IMAGES, atol=1e-2, rtol=0)


def test_the_same_rng_gives_the_same_images() -> None:
    augment = Augment(degrees=10, elastic=1.0)
    assert (warp(IMAGES, augment, rng()) == warp(IMAGES, augment, rng())).all()


def test_each_image_is_augmented_independently() -> None:
    same = IMAGES[:1].repeat(16, 1, 1, 1)
    made = warp(same, Augment(shift=2), rng())
    assert len({image.sum().item() for image in made}) > 8


def test_a_image_is_shifted_by_no_more_pixels_than_allowed() -> None:
    dot = torch.zeros(200, 1, 28, 28)
    dot[:, :, 14, 14] = 255
    moved = warp(dot, Augment(shift=2), rng())
    rows, columns = moved.amax(dim=(0, 1, 3)).nonzero().flatten(), moved.amax(dim=(0, 1, 2)).nonzero().flatten()
    assert 12 <= rows.min() <= 13
    assert 15 <= rows.max() <= 16
    assert 12 <= columns.min() <= 13
    assert 15 <= columns.max() <= 16


def test_a_bent_image_differs_from_an_unbent_one_and_stays_near_it() -> None:
    smooth = torch.nn.functional.interpolate(IMAGES[:, :, :4, :4], size=(28, 28), mode="bicubic")
    bent = warp(smooth, Augment(elastic=1.0), rng())
    inside = (bent - smooth)[:, :, 4:-4, 4:-4].abs()
    assert inside.mean() > 0.1
    assert inside.mean() < 0.2 * smooth.std()


def test_each_image_is_changed_with_its_own_strength() -> None:
    augment = Augment(degrees=10, shift=2, elastic=1.0)
    change = draw(16, augment, rng())
    strengths = torch.tensor([0.0, 1.0] * 8)
    mixed, full = change.times(strengths).apply(IMAGES), change.apply(IMAGES)
    torch.testing.assert_close(mixed[::2], IMAGES[::2], atol=1e-2, rtol=0)
    torch.testing.assert_close(mixed[1::2], full[1::2])
    half, weaker = change.times(torch.full((16,), 0.5)), draw(16, Augment(degrees=5, shift=1, elastic=0.5), rng())
    torch.testing.assert_close(half.apply(IMAGES), weaker.apply(IMAGES), atol=1e-2, rtol=1e-3)


@pytest.mark.parametrize(
    ("annealed", "strengths"),
    [
        (AnnealedAugmentation(last=0.5, to=0.2), [1, 1, 1, 0.6, 0.2]),
        (AnnealedAugmentation(last=1), [1, 0.75, 0.5, 0.25, 0]),
    ],
)
def test_augmentation_is_annealed_over_the_last_epochs(annealed: AnnealedAugmentation, strengths: list[float]) -> None:
    assert [annealed.strength(epoch, 5) for epoch in range(1, 6)] == pytest.approx(strengths)


def test_a_single_epoch_is_the_last() -> None:
    assert AnnealedAugmentation(last=0.5, to=0.2).strength(1, 1) == pytest.approx(0.2)
