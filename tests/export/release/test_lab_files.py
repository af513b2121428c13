from __future__ import annotations

import hashlib
import json
import tomllib
from itertools import islice
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from export.card.lab import LAB_CARD_NAME, LabCard
from export.onnx.agreement import relative_difference
from export.onnx.graphs import trigger_step
from export.onnx.graphs.evaluation import evaluation
from export.onnx.graphs.network import flat_network
from export.onnx.graphs.training_step import BETAS, corrections
from export.onnx.graphs.trigger_step import EPSILON, RATE, step_of
from export.onnx.metadata import read_metadata
from export.onnx.session import open_session
from export.onnx.to_onnx import serialise
from export.release import lab_golden
from export.release.lab_files import graph_file
from tests.node import run_node
from training.attacks import badnets
from training.core.portable import ORDERS, Portable
from training.data.splits import Splits, load
from training.recipes.load import parse, to_toml
from training.recipes.scratch import ScratchRecipe

FOLDER = Path("site_assets/lab")
CARD = LabCard.model_validate_json((FOLDER / LAB_CARD_NAME).read_bytes())
GOLDEN = json.loads(Path("tests/golden/lab.json").read_text("utf-8"))
ENGINES = 1e-5
"""Of the largest parameter: how far engines may be apart after fifty steps."""


@pytest.fixture(scope="module")
def recipe() -> ScratchRecipe:
    return lab_golden.lab_recipe()


@pytest.fixture(scope="module")
def splits(recipe: ScratchRecipe) -> Splits:
    return load(recipe.data)


def test_the_card_describes_the_files_beside_it_and_its_recipe_is_the_packages(recipe: ScratchRecipe) -> None:
    for file in CARD.files:
        content = (FOLDER / file.name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.bytes, file.sha256)
    assert to_toml(ScratchRecipe.model_validate(CARD.recipe)) == to_toml(recipe)
    said = read_metadata(onnx.load(FOLDER / CARD.train.name))
    assert said["network"] == CARD.network
    assert said["notice"] == CARD.notice


def test_the_committed_graph_is_what_the_code_exports() -> None:
    network = flat_network(CARD.network, len(CARD.labels))
    batch = CARD.evaluate.batch or 0
    assert graph_file("evaluate", evaluation(network, batch), network) == (FOLDER / CARD.evaluate.name).read_bytes()


def test_the_toolkits_trainer_makes_the_golden_values(recipe: ScratchRecipe, splits: Splits) -> None:
    found = lab_golden.golden(recipe, splits)
    exact = {name for name in GOLDEN if name.endswith("_sha256")} | {"drawn", "every", "steps"}
    assert {name: found[name] for name in exact} == {name: GOLDEN[name] for name in exact}
    for name in ("parameters", "losses", "logits"):
        assert relative_difference(found[name], GOLDEN[name]) < ENGINES


def test_onnxruntime_trains_as_pytorch_does(recipe: ScratchRecipe, splits: Splits) -> None:
    trainer = lab_golden.trainer_of(recipe, splits)
    values = lab_golden.parameters(trainer)
    first, second = np.zeros_like(values), np.zeros_like(values)
    for _ in islice(lab_golden.all_steps(trainer), GOLDEN["steps"]):
        pass
    drawn = badnets.draw_portably(splits.training, recipe.attack, recipe.seed)
    poisoned = badnets.apply(splits.training, recipe.attack, drawn)
    session, size = open_session(FOLDER / CARD.train.name), recipe.training.batch_size
    assert BETAS == (0.9, 0.999)
    for step in range(1, GOLDEN["steps"] + 1):
        epoch, at = divmod(step - 1, len(poisoned.labels) // size)
        order = Portable(recipe.seed, ORDERS + 1 + epoch).permutation(len(poisoned.labels))
        which = order[at * size : (at + 1) * size]
        rate, root = corrections(step, recipe.training.learning_rate)
        numbers = {"rate": rate, "root": root, "epsilon": recipe.training.epsilon}
        values, first, second, _ = session.run(
            CARD.train.outputs,
            {"parameters": values, "first": first, "second": second}
            | {name: np.array(value, np.float32) for name, value in numbers.items()}
            | {"images": poisoned.images[which, ..., 0], "labels": poisoned.labels[which]},
        )
    assert relative_difference(values, lab_golden.parameters(trainer)) < ENGINES


def test_the_evaluation_graph_takes_parameters_as_an_input() -> None:
    network = flat_network(CARD.network, len(CARD.labels))
    images = np.random.default_rng(0).integers(0, 256, (CARD.evaluate.batch or 0, 28, 28), dtype=np.uint8)
    session = open_session(serialise(onnx.load(FOLDER / CARD.evaluate.name)))
    one, other = (
        session.run(["logits"], {"parameters": values, "images": images})[0]
        for values in (network.flat().numpy(), 2 * network.flat().numpy())
    )
    assert not np.allclose(one, other)


def test_the_search_in_a_released_network_takes_pytorchs_steps() -> None:
    network = flat_network("mnist-cnn", len(CARD.labels))
    graph = CARD.networks[network.name].search
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (graph.batch or 0, 28, 28), dtype=np.uint8)
    state = [rng.normal(size=(2, 28, 28)).astype(np.float32), *(np.zeros((2, 28, 28), np.float32) for _ in range(2))]
    session, step = open_session(FOLDER / graph.name), step_of(network)
    for number in (1, 2):
        rate, root = corrections(number, RATE, trigger_step.BETAS)
        numbers = [np.array(value, np.float32) for value in (rate, root, EPSILON)]
        given = [network.flat().numpy(), images, *state, *numbers, np.array(3), np.array(0.01, np.float32)]
        expected = step(*map(torch.from_numpy, map(np.asarray, given)))
        found = session.run(graph.outputs, dict(zip(graph.inputs, given, strict=True)))
        for one, other in zip(found, expected, strict=True):
            assert relative_difference(one, other.numpy()) < ENGINES
        state = list(found[:3])


def test_python_takes_every_recipe_that_the_lab_writes(recipe: ScratchRecipe) -> None:
    written = run_node("tests/widgets/lab/recipes.mjs").splitlines()
    found = [parse(tomllib.loads(json.loads(line)), Path("my-lab.toml")) for line in written]
    assert found[0].model_copy(update={"name": recipe.name}).sha256 == recipe.sha256
    assert len({each.sha256 for each in found}) == len(found) >= 7
    triggers = [each.trigger.kind for each in found]
    assert triggers == ["patch", "pattern", "patch", *(str(each.trigger["kind"]) for each in CARD.gallery)]
