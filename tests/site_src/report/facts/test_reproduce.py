from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from export.card.io import read_card
from export.card.schema import ModelCard
from site_src.plugin.catalogue import Catalogue
from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.report.facts.reproduce import Reproduce
from tests.site_src.fixture_models import share_weights, write_model
from training.data import inventory, weights
from training.data import registry as sources
from training.data.base import DataError
from training.models import imagenet
from training.recipes.load import load
from training.studies import sweep

CHAIN = ("latent-digits-teacher-clean", "latent-digits-teacher-latent", "latent-digits-student-latent")


def macros(folder: Path) -> Reproduce:
    """Of the models in a folder; those in its `own` are a reader's."""
    return Reproduce(Facts(Catalogue([folder, folder / "own"]), folder))


def change(path: Path, **fields: object) -> ModelCard:
    """Change fields of a card."""
    path.write_text(read_card(path).model_copy(update=fields).model_dump_json(), encoding="utf-8")
    return read_card(path)


@pytest.fixture
def reproduce(tmp_path: Path) -> Reproduce:
    write_model(tmp_path, "digits-clean", recipe_sha256=load("digits-clean").sha256)
    write_model(tmp_path, "digits-badnet", backdoored=True, recipe_sha256="0" * 64)
    return macros(tmp_path)


@pytest.fixture
def chain(tmp_path: Path) -> Reproduce:
    """Released models, each made from the one before it, and one of the reader's own."""
    for name in CHAIN:
        recipe = load(name)
        write_model(tmp_path, name, backdoored=recipe.backdoored, recipe_sha256=recipe.sha256)
    write_model(tmp_path / "own", "digits-clean", recipe_sha256="0" * 64)
    return macros(tmp_path)


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
    card = Catalogue([reproduce._facts.catalogue.folders[0]]).get("digits-clean").card
    assert all(file.sha256 in reproduce.hashes() for file in card.files)


def test_every_released_model_has_a_section_after_its_teachers(chain: Reproduce) -> None:
    text = chain.networks()
    for name in CHAIN:
        assert f"{{ #{name} }}" in text
        assert f"backdoors train {name}\nbackdoors export {name}" in text
        assert f'name = "{name}"' in text
        assert load(name).sha256 in text
    assert all(text.index(f"#{teacher} }}") < text.index(f"#{student} }}") for teacher, student in pairwise(CHAIN))
    assert text.count("### ") == len(CHAIN)
    assert "### Backdoored network (fixture) {" in text
    assert "digits-clean" not in text.replace("latent-digits", "")


def test_a_section_says_that_a_model_is_backdoored_whose_title_does_not(tmp_path: Path) -> None:
    recipe = load("digits-badnet")
    write_model(tmp_path, "digits-badnet", backdoored=True, title="Digits", recipe_sha256=recipe.sha256)
    assert "### Digits (backdoored) { #digits-badnet }" in macros(tmp_path).networks()


def test_models_of_other_recipes_or_none_have_a_section_too(tmp_path: Path) -> None:
    write_model(tmp_path, "mine")
    change(write_model(tmp_path, "theirs"), provenance=None)
    made = macros(tmp_path)
    assert "The recipe `mine` is not part of the repository." in made.networks()
    assert (
        "### Clean network (fixture) { #theirs }\n\n[Its card](models.md#theirs) states no provenance"
        in made.networks()
    )
    assert "theirs.fp32.onnx" in made.hashes()
    assert "#theirs" not in made.durations()


def test_the_tables_tell_of_all_released_models_and_of_no_other(chain: Reproduce, tmp_path: Path) -> None:
    assert re.findall(r"models\.md#([\w-]+)", chain.durations()) == list(CHAIN)
    assert "| numpy |" in chain.versions()
    assert chain.versions().splitlines()[-1].endswith(" | all |")
    path = tmp_path / CHAIN[0] / "card.json"
    provenance = read_card(path).provenance
    assert provenance is not None
    change(path, provenance=provenance.model_copy(update={"versions": {"numpy": "0.1"}}))
    assert f"| numpy | 0.1 | `{CHAIN[0]}` |" in macros(tmp_path).versions()
    assert all(f"{name}.fp32.onnx" in chain.hashes() for name in CHAIN)
    assert "`digits-clean.fp32.onnx`" not in chain.hashes()


def test_a_file_that_models_share_is_named_once(tmp_path: Path) -> None:
    shared = {share_weights(write_model(tmp_path, name)).files[0].shared for name in ("one", "two")}
    (weights_file,) = shared
    assert weights_file is not None
    assert macros(tmp_path).hashes().count(weights_file.sha256) == 1


def test_the_pixels_that_a_model_was_trained_on_have_a_hash(tmp_path: Path) -> None:
    path = write_model(tmp_path, "one")
    provenance = read_card(path).provenance
    assert provenance is not None
    published = dict.fromkeys(sources.source("mnist").sha256, "1" * 64)
    data = [provenance.data[0].model_copy(update={"sha256": published | {"train pixels": "2" * 64}})]
    change(path, provenance=provenance.model_copy(update={"data": data}))
    assert macros(tmp_path).pixel_hashes().splitlines()[2:] == [f"| `digits` | train pixels | `{'2' * 64}` |"]


def test_epochs_are_reported_of_the_models_that_have_a_history(chain: Reproduce, tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / f"{CHAIN[1]}.json").write_text("{}")
    assert chain.histories().splitlines()[1:-1] == [
        f"backdoors history {CHAIN[1]} --out site_assets/metrics/history/{CHAIN[1]}.json"
    ]


def test_the_study_is_reported_with_every_recipe(chain: Reproduce, tmp_path: Path) -> None:
    rows = [{"recipe": "some", "seed": seed, "recipe_sha256": str(seed) * 64} for seed in (1, 2)]
    study = {"results": rows, "inspected": [{"network": CHAIN[2], "label": "7"}, {"network": CHAIN[1], "label": "7"}]}
    (tmp_path / "latent.json").write_text(json.dumps(study))
    assert chain.study_networks().splitlines()[2:] == [
        f"| `some` | 1 | `{'1' * 64}` |",
        f"| `some` | 2 | `{'2' * 64}` |",
    ]
    names = re.findall(r'^name = "(latent-[\w-]+)"', chain.study_recipes(), re.MULTILINE)
    assert names == list(CHAIN)


@pytest.mark.parametrize(
    ("target", "commands"),
    [
        (
            "latent-study",
            ["backdoors study dogs-student-latent", "backdoors study-int8 site_assets/metrics/latent.json"],
        ),
        ("inference-times", ["node tests/browser/inference-times.mjs --out site_assets/metrics/inference-times.json"]),
        ("scale", ["python -m tests.benchmarks.scale"]),
        ("mxnet-zoo", ["python -m tests.benchmarks.mxnet_zoo"]),
        ("art-oracle", [".venv-art/bin/python tests/training/defences/art/oracle.py"]),
    ],
)
def test_a_targets_commands_are_the_makefiles(reproduce: Reproduce, target: str, commands: list[str]) -> None:
    text = reproduce.target(target)
    assert text.startswith(f"`make {target}`: ")
    lines = text[text.index("``` bash\n") :].splitlines()[1:-1]
    assert all(any(line.startswith(command) for line in lines) for command in commands)
    assert "$(" not in text


def test_a_target_that_is_not_there_is_reported(reproduce: Reproduce) -> None:
    with pytest.raises(FactError, match="has no target 'latent'"):
        reproduce.target("latent")


def test_a_folder_that_is_laid_out_as_described_is_found(reproduce: Reproduce, tmp_path: Path) -> None:
    given = tmp_path / "given"
    paths = reproduce.data_layout().splitlines()[1:-1]
    assert "stanford-dogs/{train,test}/<wnid>-<Breed>/" in paths
    for path in paths:
        for split in ("train", "test"):
            place = given / path.replace("{train,test}", split)
            folder = place if path.endswith("/") else place.parent
            folder.mkdir(parents=True, exist_ok=True)
            if folder != place:
                place.touch()
    for name, source in sources.SOURCES.items():
        assert source.bundled or inventory.find(name, given).state == "provided", name
    with pytest.raises(DataError, match="not the file expected"):  # found, but this one is empty
        imagenet.path(given)


def test_every_data_source_is_named_with_its_licence(reproduce: Reproduce) -> None:
    table = reproduce.data_sources()
    assert "CC BY 4.0" in table
    assert re.search(r"\| `target-class` \| [^|]+ \| given \|", table)
    assert "| `imagenet-mobilenet-v2` | [MobileNetV2" in table
    assert "ImageNetDogs/) | downloaded or given |" in table
    assert "train-images-idx3-ubyte.gz" in reproduce.data_hashes("mnist")
    assert "images.tar" in reproduce.data_hashes("stanford-dogs")
    assert f"| `{weights.FILE}` | `{weights.SHA256}` |" in reproduce.data_hashes("imagenet-mobilenet-v2")
    assert all(line.removeprefix("- ") for line in reproduce.citations().splitlines())
    with pytest.raises(FactError, match="no files with hashes"):
        reproduce.data_hashes("digits")
