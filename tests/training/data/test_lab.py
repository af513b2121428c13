from __future__ import annotations

import hashlib
import io
import json
import shutil
import tomllib
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from tests.node import run_node
from training.data import lab, registry
from training.data.base import DataError
from training.data.splits import load
from training.recipes.load import parse
from training.recipes.scratch import ScratchRecipe
from training.runs.lineage import train

OWN = Path("tests/golden/own-lab")
"""See `tests/export/release/own_lab.py`."""


@pytest.fixture(scope="module")
def tab() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run_node("tests/widgets/lab/own.mjs"))
    return found


def test_a_downloaded_recipe_says_where_its_images_are_and_trains_to_the_tabs_numbers(
    tab: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tab["toml"].startswith("# ")
    assert 'folder "own-lab"' in tab["toml"]
    assert "#   https://example.org/trees/images.bin\n" in tab["toml"]
    recipe = parse(tomllib.loads(tab["toml"]), Path("my-lab.toml"))
    assert isinstance(recipe, ScratchRecipe)
    monkeypatch.chdir(OWN.parent)
    splits = load(recipe.data)
    named = {"training": splits.training, "validation": splits.validation, "test": splits.test}
    for name, (images, labels) in tab["splits"].items():
        found = named[name]
        assert found is not None
        assert hashlib.sha256(found.images.tobytes()).hexdigest() == images
        assert hashlib.sha256(found.labels.astype(np.uint8).tobytes()).hexdigest() == labels
    run = train(recipe, runs_dir=tmp_path, device="cpu", console=Console(file=io.StringIO()))
    history = tab["histories"]["backdoored"]
    assert [line.loss for line in run.history] == pytest.approx([line["loss"] for line in history], rel=1e-4)
    measured = run.metrics.measurement
    assert (measured.clean_accuracy.value, measured.clean_accuracy.n) == (history[-1]["clean"], 24)
    assert measured.attack_success_rate is not None
    assert measured.attack_success_rate.value == history[-1]["success"]


def test_classes_of_a_lab_can_be_chosen() -> None:
    found = registry.load(f"lab:{OWN}[oak,birch]", "test")
    assert (found.classes, found.images.shape) == (["oak", "birch"], (16, 28, 28, 1))


def _changed(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        card = json.loads((folder / lab.CARD).read_text())
        change(card)
        (folder / lab.CARD).write_text(json.dumps(card))

    return spoil


def _repacked(content: bytes) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        (folder / "images.bin").write_bytes(content)
        _changed(lambda card: card["data"].update(sha256=hashlib.sha256(content).hexdigest()))(folder)

    return spoil


def _packed(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (shutil.rmtree, r"cannot read .*lab\.json: .*; put the lab's lab\.json and its images into the folder"),
        (lambda folder: (folder / "images.bin").unlink(), r"cannot read .*images\.bin: .* beside the lab's lab\.json"),
        (lambda folder: (folder / "images.bin").write_bytes(b"other"), r"images\.bin is not the file that lab\.json"),
        (lambda folder: (folder / "lab.json").write_text("[]"), r"no lab's card: field \(whole file\)"),
        (_changed(lambda card: card["data"].update(name="../images.bin")), r"no lab's card: field data\.name"),
        (_changed(lambda card: card["data"].update(test=10**9)), r"no lab's card: field data\.test"),
        (_changed(lambda card: card["recipe"]["data"].pop("validation")), r"field recipe\.data\.validation"),
        (_changed(lambda card: card["recipe"]["data"].update(validation=0.5)), "not in the order"),
        (_changed(lambda card: card["data"].update(side=8)), "its images are 8x8"),
        (_changed(lambda card: card["data"].update(test=25)), r"does not unpack to the 94,985 bytes"),
        (_changed(lambda card: card.update(labels=["birch", "elm"])), "a label is 2, and there are 2 classes"),
        (_repacked(b"no deflate"), r"images\.bin is damaged"),
        (_repacked(_packed(bytes(10**7))), "does not unpack to the 94,200 bytes"),
    ],
)
def test_a_lab_that_cannot_be_read_gets_one_line(tmp_path: Path, spoil: Callable[[Path], object], said: str) -> None:
    folder = Path(shutil.copytree(OWN, tmp_path / "own"))
    spoil(folder)
    with pytest.raises(DataError, match=said) as caught:
        registry.load_both(f"lab:{folder}")
    assert "\n" not in str(caught.value)
