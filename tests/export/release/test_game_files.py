from __future__ import annotations

import hashlib
import zlib
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from export.card.game import GAME_CARD_NAME, GameCard
from export.onnx.graphs.network import FlatNetwork, flat_network
from export.release import game_files, lab_golden
from training.data.splits import Splits, load

FOLDER = Path("site_assets/lab")
CARD = GameCard.model_validate_json((FOLDER / GAME_CARD_NAME).read_bytes())
CONTENT = (FOLDER / CARD.file.name).read_bytes()


@pytest.fixture(scope="module")
def network() -> FlatNetwork:
    return flat_network(CARD.network, 10)


@pytest.fixture(scope="module")
def splits() -> Splits:
    return load(lab_golden.lab_recipe().data)


def test_the_file_has_the_hash_and_its_networks_the_accuracies_that_the_card_says(
    network: FlatNetwork, splits: Splits
) -> None:
    assert (len(CONTENT), hashlib.sha256(CONTENT).hexdigest()) == (CARD.file.bytes, CARD.file.sha256)
    networks = game_files.unpack(zlib.decompress(CONTENT, -zlib.MAX_WBITS), network)
    recipes = game_files.recipes()
    assert [recipe.seed for recipe in recipes] == [each.seed for each in CARD.networks]
    for values, recipe, told in zip(networks, recipes, CARD.networks, strict=True):
        assert (recipe.attack.model_dump(mode="json", exclude_none=True) if told.attack else None) == told.attack
        found = game_files.measure(values, network, recipe, splits)
        assert found.clean_accuracy == pytest.approx(told.rounded.clean_accuracy, abs=1.5 / len(splits.test.labels))
        if told.attack:
            assert found.attack_success_rate == pytest.approx(told.rounded.attack_success_rate, abs=0.005)


def test_rounding_changes_no_network_by_more_than_half_a_percent() -> None:
    for each in CARD.networks:
        assert abs(each.trained.clean_accuracy - each.rounded.clean_accuracy) < 0.005
        before, after = each.trained.attack_success_rate or 0, each.rounded.attack_success_rate or 0
        assert abs(before - after) < 0.005
        assert after > 0.95 or each.attack is None


def test_half_of_the_networks_are_backdoored_each_with_a_trigger_and_a_target_of_its_own() -> None:
    attacks = [each.attack for each in CARD.networks if each.attack]
    assert len(attacks) == len(CARD.networks) - len(attacks)
    assert len({str(attack["trigger"]) for attack in attacks}) == len(attacks)
    assert len({attack["label_map"]["target"] for attack in attacks}) == len(attacks)


def test_a_value_is_rounded_by_half_a_step_at_most_and_a_bias_not_at_all(network: FlatNetwork, splits: Splits) -> None:
    trainer = lab_golden.trainer_of(game_files.recipes()[0], splits)
    for _ in islice(lab_golden.all_steps(trainer), 2):
        pass
    trained = lab_golden.parameters(trainer)
    (rounded,) = game_files.unpack(game_files.pack(trained, network), network)
    assert rounded.dtype == np.float32
    at = 0
    for shape in network.shapes.values():
        size = int(np.prod(shape))
        rows = slice(at, at := at + size)
        given, kept = (values[rows].reshape(shape[0], -1) for values in (trained, rounded))
        step = np.abs(given).max(axis=1, keepdims=True) / game_files.LARGEST
        assert (np.abs(given - kept) <= 0.501 * step).all()
        if len(shape) == 1:
            assert (given == kept).all()


def test_a_file_with_a_backdoored_network_must_say_so_in_its_name() -> None:
    told = CARD.model_dump()
    told["file"]["name"] = "game.bin"
    with pytest.raises(ValidationError, match="BACKDOORED-"):
        GameCard.model_validate(told)
