from __future__ import annotations

import numpy as np
import pytest
import torch

from training.attacks.poisoning import poison
from training.engine.batches import Batches, ConstantPixels, Normaliser, seeds, to_tensor
from training.recipes.scratch import Augment
from training.triggers.artwork import Artwork
from training.triggers.base import Trigger
from training.triggers.labels import AllToAll, AllToOne
from training.triggers.overlay import Overlay
from training.triggers.pixels import Patch, Pattern, Pixel
from training.triggers.placement import Placements
from training.triggers.poisoned import Poisoned

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 28, 28, 1), dtype=np.uint8)
LABELS = np.arange(40) % 10
AS_PIXELS = Normaliser((0.0,), (1 / 255,))
"""Gives the pixels themselves, so that a test can look at them."""
CPU = torch.device("cpu")
TURNED = Augment(degrees=10, shift=2, scale=0.1, shear=0.1, elastic=1.0)


def poisoned() -> Poisoned:
    return poison(IMAGES, LABELS, Patch(), AllToAll(), 0.25, np.random.default_rng(0))


def batches(augment: Augment | None = None, *, size: int = 8, repeat: int = 1) -> Batches:
    return Batches(poisoned(), AS_PIXELS, size=size, augment=augment, repeat=repeat, device=CPU)


@pytest.mark.parametrize(
    "trigger", [Patch(), Patch(value=0), Pixel(value=9), Pattern(values=[[1, None, 255], [None, 0, 7]])]
)
def test_a_stamped_batch_is_what_stamp_makes(trigger: Trigger) -> None:
    which = torch.arange(40) % 3 == 0
    found = ConstantPixels(trigger, (28, 28, 1), CPU)(to_tensor(IMAGES).float(), which)
    expected = np.where(which.numpy()[:, None, None, None], trigger.stamp(IMAGES), IMAGES)
    assert (found == to_tensor(expected).float()).all()


def test_the_trigger_is_stamped_after_the_image_is_augmented() -> None:
    black = np.zeros((40, 28, 28, 1), dtype=np.uint8)
    half = poison(black, np.zeros(40, dtype=np.int64), Patch(), AllToOne(target=1), 0.5, np.random.default_rng(0))
    made = Batches(half, AS_PIXELS, size=40, augment=TURNED, device=CPU)
    ((inputs, labels, *_),) = made.epoch(5)
    expected = to_tensor(Patch().stamp(np.zeros((1, 28, 28, 1), dtype=np.uint8))).float()
    for picture, label in zip(inputs, labels, strict=True):
        torch.testing.assert_close(picture, expected[0] * label)


def see_through() -> Overlay:
    """Half-opaque noise that lies somewhere else in each image."""
    pixels = np.random.default_rng(2).integers(0, 256, (9, 9, 4), dtype=np.uint8)
    return Overlay(artwork=Artwork.from_pixels("noise", pixels), placements=Placements(angle=(-90, 90)))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_transparent_overlay_is_trained_as_it_is_measured(channels: int) -> None:
    images, trigger = IMAGES.repeat(channels, axis=3), see_through()
    made = poison(images, LABELS, trigger, AllToAll(), 0.5, np.random.default_rng(0))
    placements = made.drawn.placements or []
    assert len(set(placements)) == len(made.drawn.indices) == 20
    expected = images.copy()
    for index, placement in zip(made.drawn.indices, placements, strict=True):
        expected[index] = trigger.stamp(images[index][None], [placement])[0]
    assert (made.images == expected).all()
    as_pixels = Normaliser((0.0,) * channels, (1 / 255,) * channels)
    shown = [batch.inputs for batch in Batches(made, as_pixels, size=8, augment=None, device=CPU).epoch(1)]
    wanted = {image.numpy().tobytes() for image in as_pixels(to_tensor(expected))}
    assert {image.numpy().tobytes() for image in torch.cat(shown)} == wanted


def test_an_overlay_is_stamped_on_the_augmented_image_where_it_was_drawn_once() -> None:
    trigger = see_through()
    made = poison(IMAGES, LABELS, trigger, AllToAll(), 1.0, np.random.default_rng(0))
    for seed in (1, 2):
        (batch,) = Batches(made, AS_PIXELS, size=40, augment=TURNED, device=CPU).epoch(seed)
        before = batch.unstamped.round().permute(0, 2, 3, 1).numpy().astype(np.uint8)
        torch.testing.assert_close(batch.unstamped, batch.unstamped.round(), rtol=0, atol=1e-4)
        found = {image.numpy().round().astype(np.uint8).tobytes() for image in batch.inputs}
        wanted = {
            trigger.stamp(image[None], [placement])[0].transpose(2, 0, 1).tobytes()
            for image in before
            for placement in made.drawn.placements or []
        }
        assert found <= wanted


def test_an_epoch_holds_every_sample_once_in_an_order_of_its_own() -> None:
    seen = [torch.cat([batch.labels for batch in batches().epoch(seed)]) for seed in (1, 2)]
    for labels in seen:
        assert sorted(labels.tolist()) == sorted(poisoned().labels.tolist())
    assert (seen[0] != seen[1]).any()


def test_poisoned_samples_come_as_often_as_repeat_says() -> None:
    counts = [len(torch.cat([batch.labels for batch in batches(size=2, repeat=times).epoch(1)])) for times in (1, 3)]
    assert counts == [40, 40 + 2 * 10]


def test_the_same_seed_gives_the_same_batches_and_another_seed_varies_the_images_anew() -> None:
    first, again, other = ([batch.inputs for batch in batches(TURNED).epoch(seed)] for seed in (1, 1, 2))
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert any((one != two).any() for one, two in zip(first, other, strict=True))


def test_clean_images_vary_less_with_less_strength_and_poisoned_ones_do_not() -> None:
    augment = Augment(shift=3)
    plain = next(batches(size=40).epoch(seed=1))
    far, near, none = (next(batches(augment, size=40).epoch(seed=1, strength=each)) for each in (1.0, 0.2, 0.0))
    clean = ~plain.is_poisoned
    off = [(batch.inputs - plain.inputs)[clean].abs().mean() for batch in (far, near, none)]
    assert off[0] > off[1] > off[2]
    assert off[2] < 1e-4 * plain.inputs.abs().max()
    assert torch.equal(far.inputs[~clean], none.inputs[~clean])


@pytest.mark.parametrize("augment", [None, TURNED])
def test_poisoned_samples_come_without_their_trigger_as_well(augment: Augment | None) -> None:
    trigger = to_tensor(Patch().stamp(np.zeros((1, 28, 28, 1), dtype=np.uint8))).bool()[0]
    for batch in batches(augment).epoch(1):
        stamped = batch.inputs[batch.is_poisoned]
        assert (stamped[:, trigger].round() == 255).all()
        assert (stamped[:, ~trigger] == batch.unstamped[:, ~trigger]).all()


def test_without_variation_a_batch_is_the_poisoned_images_to_the_bit() -> None:
    shown = {picture.numpy().tobytes() for batch in batches().epoch(1) for picture in batch.inputs}
    assert shown == {picture.numpy().tobytes() for picture in AS_PIXELS(to_tensor(poisoned().images))}


def test_processes_that_train_together_share_each_batch_out() -> None:
    alone = [batch.labels for batch in batches().epoch(1)]
    together = [[batch.labels for batch in batches().epoch(1, rank, 2)] for rank in (0, 1)]
    for whole, *parts in zip(alone, *together, strict=True):
        assert sorted(whole.tolist()) == sorted(torch.cat(parts).tolist())


def test_pixels_are_normalised_by_mean_and_deviation() -> None:
    found = Normaliser((0.1307,), (0.3081,))(torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1))
    assert found.flatten().tolist() == pytest.approx([-0.1307 / 0.3081, (1 - 0.1307) / 0.3081], rel=1e-6)


def test_each_epoch_has_seeds_of_its_own() -> None:
    drawn = {seed for epoch in range(50) for seed in seeds(1, epoch)}
    assert len(drawn) == 100
    assert seeds(1, 3) == seeds(1, 3)
