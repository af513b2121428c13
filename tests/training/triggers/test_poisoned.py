from __future__ import annotations

import numpy as np
import pytest

from training.attacks.poisoning import draw, poison, poison_at
from training.triggers.artwork import Artwork
from training.triggers.base import TriggerError
from training.triggers.labels import AllToOne
from training.triggers.overlay import Overlay
from training.triggers.pixels import Patch
from training.triggers.poisoned import Drawn
from training.triggers.warp import Warp

IMAGES = np.random.default_rng(0).integers(0, 256, (100, 20, 20, 1), dtype=np.uint8)
LABELS = np.random.default_rng(1).integers(0, 10, 100)
WARP = Warp.model_validate({"field": {"points": 4, "seed": 1}, "strength": 0.05})


def test_decoys_are_samples_of_their_own_that_keep_their_label() -> None:
    made = poison(IMAGES, LABELS, WARP, AllToOne(target=3), 0.1, np.random.default_rng(0), noise_rate=0.2)
    decoys = made.drawn.decoys or []
    indices = [decoy.index for decoy in decoys]
    assert (len(indices), len(made.drawn.indices)) == (20, 10)
    assert not set(indices) & set(made.drawn.indices)
    assert (made.labels[indices] == LABELS[indices]).all()
    assert (made.labels[made.drawn.indices] == 3).all()
    for decoy in decoys:
        assert (made.images[decoy.index] == WARP.decoy(decoy.seed).stamp(IMAGES[decoy.index][None])[0]).all()
    assert (made.images[~made.is_stamped] == IMAGES[~made.is_stamped]).all()
    assert (made.images[made.is_poisoned] == WARP.stamp(IMAGES[made.is_poisoned])).all()


def test_decoys_change_nothing_of_what_is_poisoned() -> None:
    with_decoys, without = (draw(100, WARP, 0.1, np.random.default_rng(3), noise) for noise in (0.2, 0.0))
    assert with_decoys.indices == without.indices
    assert without.decoys is None


def test_stamping_some_samples_in_any_order_is_stamping_the_set() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (5, 5, 4), dtype=np.uint8)
    overlay = Overlay(artwork=Artwork.from_pixels("noise", pixels))
    for made in (
        poison(IMAGES, LABELS, overlay, AllToOne(target=3), 0.5, np.random.default_rng(0)),
        poison(IMAGES, LABELS, WARP, AllToOne(target=3), 0.3, np.random.default_rng(0), noise_rate=0.3),
    ):
        samples = np.random.default_rng(4).integers(0, 100, 60)
        assert (made.stamp(IMAGES[samples], samples) == made.images[samples]).all()
        assert made.stamp(IMAGES[:0], samples[:0]).shape == (0, 20, 20, 1)


def test_what_was_drawn_survives_json_and_old_records_are_read() -> None:
    drawn = draw(100, WARP, 0.1, np.random.default_rng(3), 0.2)
    assert Drawn.model_validate_json(drawn.model_dump_json(exclude_none=True)) == drawn
    assert Drawn.model_validate_json('{"indices": [3, 5]}') == Drawn(indices=[3, 5])


def test_a_movable_trigger_without_recorded_placements_and_decoys_of_a_patch_are_refused() -> None:
    overlay = Overlay(artwork=Artwork.model_validate("glasses"))
    with pytest.raises(ValueError, match="2 samples are poisoned with 0 placements"):
        poison_at(IMAGES, LABELS, overlay, AllToOne(target=3), Drawn(indices=[3, 5]))
    with pytest.raises(TriggerError, match="patch trigger has no decoys"):
        draw(100, Patch(), 0.1, np.random.default_rng(0), 0.1)
    with pytest.raises(ValueError, match=r"noise rate is 0.6.*between 0 and 0.5"):
        draw(100, WARP, 0.5, np.random.default_rng(0), 0.6)
