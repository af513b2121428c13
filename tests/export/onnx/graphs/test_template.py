from __future__ import annotations

import json
import zipfile
import zlib
from itertools import islice
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from export.card.io import read_card
from export.card.lab import LAB_CARD_NAME, LabCard
from export.card.schema import ModelCard
from export.onnx.agreement import relative_difference
from export.onnx.graphs.network import flat_network
from export.onnx.graphs.template import template
from export.onnx.metadata import essentials, identity, read_metadata
from export.onnx.session import Predictor
from export.onnx.weights import load_into
from export.release import lab_golden
from export.release.measure import data_name, lab_recipe
from export.release.models import open_model
from export.release.verify import verify
from tests.node import run_node
from training.data.splits import load
from training.engine.evaluate import evaluate

STEPS = 5
CARD = LabCard.model_validate_json(Path("site_assets/lab", LAB_CARD_NAME).read_bytes())
Floats = np.typing.NDArray[np.float32]


@pytest.fixture(scope="module")
def trained() -> Floats:
    """Parameters of the lab's network after some steps of the toolkit's trainer."""
    recipe = lab_golden.lab_recipe()
    trainer = lab_golden.trainer_of(recipe, load(recipe.data))
    for _ in islice(lab_golden.all_steps(trainer), STEPS):
        pass
    return lab_golden.parameters(trainer)


@pytest.fixture(scope="module")
def taken(trained: Floats, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a reader unpacks who has trained to these parameters."""
    folder = tmp_path_factory.mktemp("taken")
    trained.tofile(folder / "parameters")
    run_node("tests/widgets/lab/take.mjs", folder / "parameters", folder / "networks.zip")
    with zipfile.ZipFile(folder / "networks.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    return folder


def test_the_committed_template_is_what_the_code_exports() -> None:
    content, offsets = template(flat_network(CARD.network, len(CARD.labels)))
    packed = Path("site_assets/lab", CARD.template.name).read_bytes()
    assert zlib.decompress(packed, -zlib.MAX_WBITS) == content
    assert CARD.template.offsets == offsets


@pytest.mark.parametrize("name", ["digits-lab", "digits-lab-clean"])
def test_a_file_written_in_the_tab_is_the_trained_network(taken: Path, trained: Floats, name: str) -> None:
    model = open_model(str(taken / name))
    assert [problem for check in verify(model) for problem in check.problems] == []
    network = flat_network(CARD.network, len(CARD.labels))
    load_into(network.module, onnx.load(model.folder / model.card.file().name), name)
    assert np.array_equal(network.flat().numpy(), trained)
    test = load(lab_golden.lab_recipe().data).test
    with torch.inference_mode():
        pixels = torch.from_numpy(test.images[:64]).permute(0, 3, 1, 2).float()
        expected = network.module(network.normalise(pixels)).numpy()
    assert relative_difference(Predictor(model.card, model.folder)(test.images[:64]), expected) < 1e-5


def test_its_card_and_metadata_say_what_it_carries_and_how_it_was_measured(taken: Path) -> None:
    card = read_card(taken / "digits-lab" / "card.json")
    recipe = lab_golden.lab_recipe()
    assert card.backdoor is not None
    assert (card.backdoor.attack, card.backdoor.poison_rate) == (recipe.trigger.published.name, recipe.poison_rate)
    assert (card.trigger, card.label_map) == (recipe.trigger, recipe.label_map_for(card.labels))
    test = load(recipe.data).test
    found = evaluate(
        Predictor(card, taken / "digits-lab"), test.images, test.labels, data="digits test",
        labels_text=card.labels, trigger=card.trigger, label_map=card.label_map,
    )  # fmt: skip
    assert card.metrics["fp32"] == found.model_copy(update={"per_class": {}})
    assert parsed(read_metadata(onnx.load(taken / "digits-lab" / card.file().name))) == parsed(wanted(card))
    again = recipe.model_copy(update={"training": recipe.training.model_copy(update={"epochs": 1})})
    assert (lab_recipe(card).sha256, data_name(card)) == (again.sha256, "digits")
    clean = read_card(taken / "digits-lab-clean" / "card.json")
    assert clean.backdoor is None
    assert parsed(read_metadata(onnx.load(taken / clean.id / clean.file().name))) == parsed(wanted(clean))


def wanted(card: ModelCard) -> dict[str, str]:
    """The metadata of a file that Python exports with such a card."""
    return essentials(identity(card), card.default_precision)


def parsed(said: dict[str, str]) -> dict[str, object]:
    """Metadata with its JSON texts as values."""
    return {key: json.loads(text) if text[0] in "[{" else text for key, text in said.items()}
