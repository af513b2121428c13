from __future__ import annotations

import json
from pathlib import Path

import pytest
from fixture_models import write_model

from site_src.catalogue import Catalogue
from site_src.expressions import FactError
from site_src.facts import Facts
from site_src.reproduce import Reproduce
from training import sweep
from training.recipe import load


@pytest.fixture
def reproduce(tmp_path: Path) -> Reproduce:
    write_model(tmp_path, "digits-clean", recipe_sha256=load("digits-clean").sha256)
    write_model(tmp_path, "digits-badnet", backdoored=True, recipe_sha256="0" * 64)
    return Reproduce(Facts(Catalogue([tmp_path]), tmp_path))


def test_a_recipe_is_shown_as_it_stands(reproduce: Reproduce) -> None:
    assert 'name = "digits-clean"' in reproduce.recipe_file("digits-clean")
    assert reproduce.recipe_hash("digits-clean") == load("digits-clean").sha256


def test_a_recipe_that_changed_after_the_training_is_refused(reproduce: Reproduce) -> None:
    with pytest.raises(FactError, match="has changed since digits-badnet was trained"):
        reproduce.recipe_file("digits-badnet")


def test_a_sweep_that_changed_after_the_training_is_refused(reproduce: Reproduce, tmp_path: Path) -> None:
    estimate = {"value": 0.5, "n": 10, "low": 0.2, "high": 0.8}
    measures = dict.fromkeys(("clean_accuracy", "attack_success_rate", "robust_accuracy"), estimate)
    one = sweep.load("mnist-poison-rate").recipes()[0]
    row = {"rate": one.poison_rate, "seed": one.seed, "poisoned": 1, "recipe_sha256": one.sha256, **measures}
    about = dict.fromkeys(("sweep", "title", "data", "trigger", "label_map"), "x")
    table = {**about, "samples": 1, "epochs": 1, "rows": [row]}
    path = tmp_path / "mnist-poison-rate.json"
    path.write_text(json.dumps(table))
    assert "rates = " in reproduce.sweep_file("mnist-poison-rate")
    row["recipe_sha256"] = "0" * 64
    path.write_text(json.dumps(table))
    with pytest.raises(FactError, match="has changed since its networks were trained"):
        reproduce.sweep_file("mnist-poison-rate")


def test_commands_and_hashes_are_the_cards(reproduce: Reproduce) -> None:
    assert "backdoors train digits-clean" in reproduce.commands("digits-clean")
    card = Catalogue([reproduce._facts._catalogue.folders[0]]).get("digits-clean").card
    assert all(file.sha256 in reproduce.hashes(["digits-clean"]) for file in card.files)


def test_every_data_source_is_named_with_its_licence(reproduce: Reproduce) -> None:
    table = reproduce.data_sources()
    assert "CC BY 4.0" in table
    assert "| `target-class` | Photographs of the target class | given |" in table
    assert "| `imagenet-mobilenet-v2` | [MobileNetV2" in table
    assert "ImageNetDogs/) | downloaded or given |" in table
    assert "train-images-idx3-ubyte.gz" in reproduce.data_hashes("mnist")
    assert "images.tar" in reproduce.data_hashes("stanford-dogs")
    assert all(line.removeprefix("- ") for line in reproduce.citations().splitlines())
    with pytest.raises(FactError, match="no files with hashes"):
        reproduce.data_hashes("digits")
