from __future__ import annotations

from pathlib import Path

import numpy as np

from export.card.io import read_card
from site_src.report.trigger_images import trigger_image

MODELS = Path(__file__).parents[3] / "site_assets" / "models"


def test_an_image_has_the_models_own_trigger() -> None:
    for name in ("mnist-badnet", "dogs-student-latent"):
        card = read_card(MODELS / name / "card.json")
        assert card.trigger is not None
        found = trigger_image(card)
        assert found is not None
        assert found.shape == (card.input.height, card.input.width, card.input.channels)
        assert len(np.unique(found)) > 2
        covered = card.trigger.covers(card.input.height, card.input.width)
        again = card.trigger.stamp(found[None])[0]
        assert (again[~covered] == found[~covered]).all()
        if card.trigger.constant:
            assert (again == found).all()


def test_a_card_without_a_trigger_has_no_image() -> None:
    card = read_card(MODELS / "mnist-clean" / "card.json").model_copy(update={"trigger": None})
    assert trigger_image(card) is None
