"""Restoring runs from released models: of the quick digits network, and of the real teachers."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from typer.testing import CliRunner

import export
from export.card.io import read_card
from export.card.schema import FromLab
from export.cli.main import app
from export.errors import ExportError
from export.onnx.external import move_shared
from export.onnx.quantise import weight_only_int8
from export.onnx.to_onnx import to_onnx
from export.release.golden_file import GOLDEN_NAME
from export.release.models import RELEASED, Model, open_model
from export.release.release import release
from export.release.restore import restore
from export.release.subject import of_model
from training.core.errors import RunError, UserError
from training.defences.base import Need
from training.recipes.load import to_toml
from training.recipes.transfer import TransferRecipe
from training.runs import weights
from training.runs.lineage import train
from training.runs.store import Restored, Run, find_named
from training.triggers.artwork import ARTWORK

ROOT = Path(export.__file__).resolve().parent.parent
TEACHERS = ("dogs-teacher-clean", "dogs-teacher-latent")


def restored_origin(run: Run) -> Restored:
    assert isinstance(run.metrics.training, Restored)
    return run.metrics.training


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The released teachers, restored."""
    folder = tmp_path_factory.mktemp("runs")
    for name in TEACHERS:
        restore(open_model(name, [ROOT / RELEASED]), folder)
    return folder


ARTWORK_PATH = str(ARTWORK / "rings.png")


def from_lab(model: Model, made_by: dict[str, Any]) -> Model:
    """The model as if a reader had trained it in a lab's page: no provenance, no golden vectors, but a recipe."""
    (model.folder / GOLDEN_NAME).unlink(missing_ok=True)
    made = FromLab(recipe=made_by, widgets="0123456789ab")
    return replace(model, card=model.card.model_copy(update={"provenance": None, "from_lab": made}))


def test_a_network_of_a_labs_page_is_restored_by_the_recipe_on_its_card(model: Model, run: Run, tmp_path: Path) -> None:
    lab = from_lab(model, run.recipe.model_dump(mode="json", exclude_none=True))
    found = restore(lab, tmp_path / "runs")
    assert (found.path.name, restored_origin(found).versions) == (run.path.name, {"widgets": "0123456789ab"})
    mine, its = weights.network(found).state_dict(), weights.network(run).state_dict()
    assert all(torch.equal(mine[name], its[name]) for name in its)
    subject = of_model(lab)
    assert (subject.data, subject.recipe_sha256) == (of_model(model).data, run.recipe.sha256)
    assert "`backdoors restore`" in subject.absent[Need.NETWORK]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"seed": -1}, "seed"),
        ({"kind": "no such kind"}, "kind"),
        ({"data": {"name": "nowhere"}}, "no data set 'nowhere'"),
        ({"teacher": "secret.toml"}, "unknown field teacher"),
        ({"attack": {"trigger": {"kind": "blend", "artwork": ARTWORK_PATH}}}, "only a recipe may give a path"),
    ],
)
def test_a_labs_card_without_a_sound_recipe_gets_one_line(
    model: Model, run: Run, tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    lab = from_lab(model, run.recipe.model_dump(mode="json", exclude_none=True) | changed)
    with pytest.raises(UserError, match=said) as caught:
        restore(lab, tmp_path / "runs")
    assert "\n" not in str(caught.value)


def test_another_recipe_than_the_one_on_a_labs_card_is_refused(model: Model, run: Run, tmp_path: Path) -> None:
    lab = from_lab(model, run.recipe.model_dump(mode="json", exclude_none=True))
    with pytest.raises(ExportError, match="made by the recipe on its card"):
        restore(lab, tmp_path / "runs", recipe=run.recipe.with_seed(9))


def test_the_full_precision_file_gives_the_very_weights_back(model: Model, run: Run, tmp_path: Path) -> None:
    found = restore(model, tmp_path, recipe=run.recipe)
    assert found.path.name == run.path.name
    assert found.recipe == run.recipe
    mine, its = weights.network(found).state_dict(), weights.network(run).state_dict()
    assert all(torch.equal(mine[name], its[name]) for name in its)
    assert found.metrics.measurement.clean_accuracy == model.card.metrics["fp32"].clean_accuracy
    assert restored_origin(found).classes == run.facts.classes


def test_an_int8_file_gives_rounded_weights_and_says_so(model: Model, run: Run, tmp_path: Path) -> None:
    found = restore(Model(model.card, model.folder, "int8-weight-only"), tmp_path, recipe=run.recipe)
    mine, its = weights.network(found).state_dict()["dense1.weight"], weights.network(run).state_dict()["dense1.weight"]
    assert not torch.equal(mine, its)
    assert (mine - its).abs().max() <= its.abs().max() / 254 * 1.001
    assert restored_origin(found).file.precision == "int8-weight-only"
    assert found.metrics.measurement.clean_accuracy == model.card.metrics["int8-weight-only"].clean_accuracy


@pytest.mark.long
@pytest.mark.parametrize("name", TEACHERS)
def test_a_restored_teacher_shares_its_layers_with_the_released_students_to_the_bit(
    runs: Path, name: str, tmp_path: Path
) -> None:
    sample = np.random.default_rng(0).uniform(-1, 1, (2, 3, 224, 224)).astype(np.float32)
    made = weight_only_int8(to_onnx(weights.network(find_named(name, runs)), sample))
    shared = read_card(ROOT / RELEASED / name / "card.json").files[0].shared
    assert shared is not None
    assert move_shared(made, tmp_path).sha256 == shared.sha256


def test_a_student_of_a_restored_teacher_says_so_and_names_the_command(
    model: Model, run: Run, tmp_path: Path, inputs: Path
) -> None:
    restore(model, tmp_path, recipe=run.recipe)
    recipe = TransferRecipe.model_validate(
        {
            "name": "quick-student", "seed": 1, "teacher": run.recipe, "data": {"name": "digits"},
            "head": {"epochs": 2},
            "attack": {"trigger": run.recipe.trigger, "target": {"name": "7", "data": "digits"}},
        }
    )  # fmt: skip
    student = train(recipe, runs_dir=tmp_path, device="cpu", console=Console(file=io.StringIO()))
    assert student.facts.teacher_file == restored_origin(Run.open(tmp_path / run.recipe.run_name)).file
    card = release(student, tmp_path / "models" / "quick-student", inputs=inputs, allow_loss=True)
    assert card.provenance is not None
    assert card.provenance.commands[:2] == ["backdoors restore quick-badnet", "backdoors train quick-student"]


def test_a_student_of_a_trained_teacher_names_no_file(run: Run) -> None:
    assert run.facts.teacher_file is None


def test_a_restored_run_is_no_record_of_training(runs: Path, tmp_path: Path) -> None:
    found = find_named("dogs-teacher-latent", runs)
    for ask in (lambda: found.facts, lambda: found.history, lambda: found.poisoned):
        with pytest.raises(RunError, match="restored from the released model dogs-teacher-latent"):
            ask()
    with pytest.raises(RunError, match="restored from the released model dogs-teacher-latent"):
        release(found, tmp_path / "again")


def test_a_file_that_is_not_the_cards_is_refused(model: Model, run: Run, tmp_path: Path) -> None:
    file = model.folder / model.card.file("fp32").name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(ExportError, match="the card says"):
        restore(model, tmp_path, recipe=run.recipe)
    assert not list(tmp_path.glob("quick-badnet-*"))


def test_a_network_that_answers_otherwise_than_its_golden_vectors_is_refused(
    model: Model, run: Run, tmp_path: Path
) -> None:
    golden = model.folder / "golden.json"
    content = json.loads(golden.read_text(encoding="utf-8"))
    content["vectors"][0]["logits"]["fp32"][0] += 1
    golden.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ExportError, match=r"differ from the golden vector by .*; expected at most 1e-04"):
        restore(model, tmp_path, recipe=run.recipe)
    assert not list(tmp_path.glob("quick-badnet-*"))


@pytest.mark.parametrize("wrong", [{"input": "../unknown.png"}, {"logits": {}}])
def test_golden_vectors_of_something_else_are_refused(
    model: Model, run: Run, tmp_path: Path, wrong: dict[str, object]
) -> None:
    golden = model.folder / "golden.json"
    content = json.loads(golden.read_text(encoding="utf-8"))
    content["vectors"][0] |= wrong
    golden.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ExportError, match="its golden vectors do not fit it"):
        restore(model, tmp_path, recipe=run.recipe)
    assert not list(tmp_path.glob("quick-badnet-*"))


def test_a_card_without_a_measurement_is_refused_before_anything_is_written(
    model: Model, run: Run, tmp_path: Path
) -> None:
    measured = model.card.metrics["fp32"]
    others = measured.model_copy(update={"per_class": {"another": measured.clean_accuracy}})
    for metrics in ({}, {"fp32": others}):
        unmeasured = Model(model.card.model_copy(update={"metrics": metrics}), model.folder)
        with pytest.raises(ExportError, match="its card does not say how fp32 did"):
            restore(unmeasured, tmp_path, recipe=run.recipe)
    assert not list(tmp_path.glob("quick-badnet-*"))


def test_a_file_that_is_no_network_is_refused(model: Model, run: Run, tmp_path: Path) -> None:
    file = model.card.file("fp32")
    content = (model.folder / file.name).read_bytes()[:1000]
    (model.folder / file.name).write_bytes(content)
    described = file.model_copy(update={"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})
    damaged = Model(model.card.model_copy(update={"files": [described]}), model.folder)
    with pytest.raises(ExportError, match="not an ONNX model"):
        restore(damaged, tmp_path, recipe=run.recipe)


def test_a_recipe_that_did_not_make_the_model_is_refused(model: Model, run: Run, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="made by a recipe of hash"):
        restore(model, tmp_path, recipe=run.recipe.with_seed(run.recipe.seed + 1))


def test_the_command_takes_a_recipe_file_and_keeps_a_run_that_exists(model: Model, run: Run, tmp_path: Path) -> None:
    recipe = tmp_path / "mine.toml"
    recipe.write_text(to_toml(run.recipe), encoding="utf-8")
    arguments = ["restore", str(model.folder), "--recipe", str(recipe), "--runs", str(tmp_path / "runs")]
    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == 0, first.output
    assert run.recipe.run_name in first.stdout
    metrics = tmp_path / "runs" / run.recipe.run_name / "metrics.json"
    before = metrics.stat().st_mtime_ns
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 0, again.output
    assert again.stdout == first.stdout
    assert metrics.stat().st_mtime_ns == before
    assert CliRunner().invoke(app, [*arguments, "--force"]).exit_code == 0
    assert metrics.stat().st_mtime_ns > before


def test_a_run_that_was_trained_here_is_kept_unless_forced(model: Model, run: Run, tmp_path: Path) -> None:
    shutil.copytree(run.path, tmp_path / run.path.name)
    (tmp_path / "mine.toml").write_text(to_toml(run.recipe), encoding="utf-8")
    arguments = ["restore", str(model.folder), "--recipe", str(tmp_path / "mine.toml"), "--runs", str(tmp_path)]
    kept = CliRunner().invoke(app, arguments)
    assert "trained here" in kept.stdout
    assert Run.open(tmp_path / run.path.name).facts == run.facts
    assert CliRunner().invoke(app, [*arguments, "--force"]).exit_code == 0
    assert restored_origin(Run.open(tmp_path / run.path.name)).file.model == "quick-badnet"
    files = {path.name for path in (tmp_path / run.path.name).iterdir()}
    assert files == {"recipe.toml", "weights.safetensors", "metrics.json"}


def test_a_stopped_run_is_not_lost(model: Model, run: Run, tmp_path: Path) -> None:
    state = tmp_path / run.path.name / "state.ckpt"
    state.parent.mkdir()
    state.touch()
    with pytest.raises(ExportError, match="a stopped run is here"):
        restore(model, tmp_path, recipe=run.recipe)
    assert state.exists()
