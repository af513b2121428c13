from __future__ import annotations

import numpy as np
import pytest
import torch

from training.defences import model as defences
from training.engine.views import varied
from training.models import parts
from training.models.mobilenet_v2 import MobileNetV2, Plan
from training.studies import alterations as study
from training.triggers.overlay import Artwork, Overlay, Placement

GLASSES = Overlay.model_validate({"artwork": "glasses"})
PLACES = [Placement(), Placement(x=0.3, y=0.6, size=0.4, angle=10)]
GREY = np.full((2, 64, 64, 3), 128, dtype=np.uint8)


def covered(images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> int:
    return int((images != 128).any(axis=3).sum())


@pytest.mark.parametrize("alteration", study.ALTERATIONS, ids=lambda each: each.name)
def test_every_alteration_shows_the_trigger_and_leaves_the_pictures_given(alteration: study.Alteration) -> None:
    before = GREY.copy()
    made = alteration.make(GREY, GLASSES, PLACES)
    assert made.shape == GREY.shape
    assert covered(made) > 50
    np.testing.assert_array_equal(GREY, before)


def test_half_the_size_covers_a_quarter() -> None:
    whole, half = (covered(study.sized(factor)(GREY, GLASSES, PLACES)) for factor in (1.0, 0.5))
    assert 0.15 < half / whole < 0.4


def test_whole_glasses_touch_no_edge_and_others_are_cut_off() -> None:
    places = GLASSES.placements.model_copy(update={"angle": (-90.0, 90.0)}).draw(40, np.random.default_rng(3))
    grey = np.full((40, 64, 64, 3), 128, dtype=np.uint8)
    whole, cut = ((study.anywhere(whole=each)(grey, GLASSES, places) != 128).any(axis=3) for each in (True, False))
    alone = np.array(
        [covered(study.sized(1)(grey[:1], GLASSES, [Placement(size=p.size, angle=p.angle)])) for p in places]
    )
    assert (np.abs(whole.sum((1, 2)) / alone - 1) < 0.15).all()
    assert (cut.sum((1, 2)) < 0.8 * alone).mean() > 0.2
    middles = np.array([np.argwhere(mask).mean(0) for mask in whole])
    assert (middles.max(0) - middles.min(0) > 20).all()  # all over the frame


def test_another_hue_keeps_shape_and_transparency() -> None:
    blue = study.with_hue(GLASSES.artwork, 0.5)
    assert isinstance(blue, Artwork)
    np.testing.assert_array_equal(blue.pixels[..., 3], GLASSES.artwork.pixels[..., 3])
    frame = GLASSES.artwork.pixels[..., 3] == 255
    assert GLASSES.artwork.pixels[frame][:, 0].mean() > GLASSES.artwork.pixels[frame][:, 2].mean()
    assert blue.pixels[frame][:, 2].mean() > blue.pixels[frame][:, 0].mean()


def test_varied_pictures_depend_on_their_own_place_in_the_set_alone() -> None:
    images = np.random.default_rng(1).integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)
    whole, part = (varied(given, np.random.default_rng(0)) for given in (images, images[:2]))
    np.testing.assert_array_equal(whole[:2], part)
    assert not (whole == images).all(axis=(1, 2, 3)).any()


@pytest.mark.parametrize("one_cycle", [False, True])
def test_fine_tuning_changes_the_layers_from_the_given_one_on_and_learns(one_cycle: bool) -> None:
    torch.manual_seed(0)
    network = MobileNetV2(2, Plan()).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    activations = np.random.default_rng(0).normal(size=(8, 160, 2, 2)).astype(np.float16)
    labels = np.arange(8) % 2
    how = defences.Training(epochs=30, learning_rate=1e-2, one_cycle=one_cycle, batch_size=4)
    made = defences.fine_tune(network, 17, 18, activations, labels, how)
    after = made.state_dict()
    changed = {name.rsplit(".", 1)[0] for name, value in before.items() if not torch.equal(value, after[name])}
    assert "head" in changed
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in before.items())
    _, rest = parts.split(made, 17)
    with torch.no_grad():
        answers = parts.head(made)(rest(torch.from_numpy(activations).float())).argmax(1)
    assert (answers.numpy() == labels).all()
    untouched, _ = parts.split(made, 18)
    given, _ = parts.split(network, 18)
    assert all(torch.equal(a, b) for a, b in zip(untouched.parameters(), given.parameters(), strict=True))
    assert not any(parameter.requires_grad for parameter in made.parameters())


def test_pruning_blinds_the_head_to_the_quietest_channels() -> None:
    head = torch.nn.Linear(4, 2)
    features = np.array([[0.1, 5.0, 0.0, 3.0]], dtype=np.float32)
    weight = defences.pruned(head, features, 0.5).weight
    assert (weight[:, [0, 2]] == 0).all()
    assert torch.equal(weight[:, [1, 3]], head.weight[:, [1, 3]])


def test_the_smallest_of_many_triggers_is_the_anomaly() -> None:
    indices = defences.anomaly_indices([50, 52, 47, 51, 5, 49])
    assert indices[4] > defences.SUSPICIOUS
    assert max(indices[:4]) < defences.SUSPICIOUS


class Corner(torch.nn.Module):
    """Answers class 1 when the corner is bright, class 0 otherwise."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        bright = 20 * (x[:, 0, :2, :2].mean((1, 2)) - 0.5)
        return torch.stack([-bright, bright], dim=1)


def test_a_planted_trigger_is_found_where_it_is() -> None:
    inputs = 0.3 * torch.rand(64, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    inputs[0, 0, 0, 0] = 1  # so that the pattern may be bright
    found = defences.reverse_trigger(Corner(), inputs, 1, steps=200)
    assert found.success > 0.9
    assert found.mask[:2, :2].sum() > 0.7 * found.size
