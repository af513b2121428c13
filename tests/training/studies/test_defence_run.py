from __future__ import annotations

import dataclasses
import io
from collections.abc import Collection
from pathlib import Path

import pytest
from rich.console import Console

from tests.training.defences.subjects import CONFIDENCE, ConfidenceSettings, confidence
from training.core.errors import RunError
from training.defences import registry
from training.defences.base import Defence, DefenceError, Need, Subject
from training.defences.verdict import ClassIndices
from training.studies import defence_run
from training.studies.defence_plan import DefenceStudy
from training.studies.defence_results import DefenceResults
from training.studies.dispatch import Plan

HERE = Plan(where="here", device="cpu")
QUICK = {"data.validation": 0.7, "training.epochs": 1, "training.batch_size": 64, "data.augment": None}
ATTACKS = [
    {"name": "patch", "title": "Patch", "recipe": "digits-badnet-single"},
    {"name": "blended", "title": "Blended", "recipe": "digits-blended"},
]


class Bench:
    """Two defences that cost nothing; one counts its subjects, and breaks while `broken` is set."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.broken = False

    def __call__(self, given: Subject, how: ConfidenceSettings) -> ClassIndices:
        self.asked.append((given.name, given.attack))
        if self.broken:
            raise DefenceError("it broke")
        return given.class_indices("index", [how.scale + len(self.asked)] * 10, threshold=2.0, images=0)

    @property
    def defences(self) -> dict[str, Defence[ConfidenceSettings]]:
        counted = dataclasses.replace(CONFIDENCE, name="counted", examine=self)
        scored = dataclasses.replace(CONFIDENCE, name="scored", examine=confidence, needs=frozenset({Need.TRAINING}))
        return {each.name: each for each in (counted, scored)}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench()
    monkeypatch.setattr(registry, "DEFENCES", made.defences)
    return made


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


def run(runs: Path, out: Path, again: Collection[str] = (), **more: object) -> DefenceResults:
    given = {"name": out.stem, "title": "Mine", "seeds": [1], "settings": QUICK, "attacks": ATTACKS} | more
    study = DefenceStudy.model_validate({"defences": [{"name": "counted"}, {"name": "scored"}]} | given)
    return defence_run.run(study, runs_dir=runs, out=out, plan=HERE, again=again, console=Console(file=io.StringIO()))


def test_every_network_and_its_shared_control_is_trained_and_examined_once(
    bench: Bench, runs: Path, tmp_path: Path
) -> None:
    out = tmp_path / "whole.json"
    found = run(runs, out)
    assert DefenceResults.model_validate_json(out.read_bytes()) == found
    assert [(each.recipe, each.attack) for each in found.networks] == [
        ("clean-twin", None), ("digits-badnet-single", "patch"), ("digits-blended", "blended"),
    ]  # fmt: skip
    assert [name for name, _ in bench.asked] == ["digits-badnet-single", "clean-twin", "digits-blended"]
    twin, patch, blended = found.networks
    assert patch.control == blended.control == twin.sha256
    assert len({each.making for each in found.networks}) == 3
    on_twin = {cell.attack for cell in found.cells if cell.network == twin.sha256}
    assert on_twin == {patch.trigger, blended.trigger}
    assert [(each.attack, each.defence, each.status) for each in found.table] == [
        ("patch", "counted", "measured"), ("patch", "scored", "measured"), ("blended", "counted", "measured"),
        ("blended", "scored", "measured"),
    ]  # fmt: skip
    assert [(each.defence, each.attack) for each in found.detection] == [
        ("counted", None), ("counted", "patch"), ("counted", "blended"),
    ]  # fmt: skip
    assert (found.detection[0].verdict.poisoned, found.detection[0].verdict.clean) == (2, 1)


def test_what_is_done_is_not_done_again_and_what_is_added_is(bench: Bench, runs: Path, tmp_path: Path) -> None:
    first = run(runs, tmp_path / "grows.json", defences=[{"name": "counted"}], attacks=ATTACKS[:1])
    asked = len(bench.asked)
    assert asked == 2
    again = run(runs, tmp_path / "grows.json", defences=[{"name": "counted"}], attacks=ATTACKS[:1])
    assert (again, len(bench.asked)) == (first, asked)
    more = run(runs, tmp_path / "grows.json")
    assert [name for name, _ in bench.asked[asked:]] == ["digits-blended"]
    assert all(cell in more.cells for cell in first.cells)
    other = run(runs, tmp_path / "grows.json", defences=[{"name": "counted", "settings": {"scale": 5}}])
    assert {cell.settings["scale"] for cell in other.cells} == {5}
    assert len(other.cells) == 4


def test_a_defence_is_measured_again_where_that_is_asked_for(bench: Bench, runs: Path, tmp_path: Path) -> None:
    first = run(runs, tmp_path / "again.json")
    asked = len(bench.asked)
    second = run(runs, tmp_path / "again.json", again=["counted"])
    assert [name for name, _ in bench.asked[asked:]] == ["digits-badnet-single", "clean-twin", "digits-blended"]
    scored = [[cell for cell in found.cells if cell.defence == "scored"] for found in (first, second)]
    assert scored[0] == scored[1]


def test_a_cell_that_is_lost_alone_is_measured_again(bench: Bench, runs: Path, tmp_path: Path) -> None:
    whole = run(runs, tmp_path / "lost.json")
    (path,) = (runs / "defences" / "lost").glob("digits-blended-*.json")
    study_file = path.read_text(encoding="utf-8")
    path.write_text(study_file.replace('"defence":"counted"', '"defence":"forgotten"'), encoding="utf-8")
    path.with_suffix(".done").unlink()
    asked = len(bench.asked)
    again = run(runs, tmp_path / "lost.json")
    assert [name for name, _ in bench.asked[asked:]] == ["digits-blended"]
    assert {cell.key for cell in again.cells} == {cell.key for cell in whole.cells}


def test_a_damaged_file_of_cells_says_what_to_do(bench: Bench, runs: Path, tmp_path: Path) -> None:
    run(runs, tmp_path / "damaged.json", attacks=ATTACKS[:1])
    (path,) = (runs / "defences" / "damaged").glob("digits-badnet-single-*.json")
    path.write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match=rf"^{path}: damaged; delete it"):
        run(runs, tmp_path / "damaged.json", attacks=ATTACKS[:1])
    path.unlink()
    asked = len(bench.asked)
    run(runs, tmp_path / "damaged.json", attacks=ATTACKS[:1])
    assert [name for name, _ in bench.asked[asked:]] == ["digits-badnet-single"]


def test_a_results_file_that_cannot_be_written_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(RunError, match="this is a folder"):
        run(tmp_path / "runs", folder)
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(RunError, match="results of backdoors study-defences, which would replace it"):
        run(tmp_path / "runs", tmp_path / "other.json")
    assert (tmp_path / "other.json").read_text() == "{}"
    assert not (tmp_path / "runs").exists()


def test_a_defence_that_breaks_gives_its_reason_and_is_tried_again(bench: Bench, runs: Path, tmp_path: Path) -> None:
    bench.broken = True
    found = run(runs, tmp_path / "breaks.json")
    assert [(each.status, each.reason) for each in found.table[:2]] == [("failed", "it broke"), ("measured", None)]
    bench.broken = False
    assert [each.status for each in run(runs, tmp_path / "breaks.json").table] == ["measured"] * 4


def test_a_network_that_cannot_be_trained_is_named_and_the_others_are_in_the_file(runs: Path, tmp_path: Path) -> None:
    out, said = tmp_path / "partly.json", io.StringIO()
    nowhere = {
        "name": "own",
        "title": "Own",
        "recipe": "digits-badnet",
        "settings": {"data.name": f"folder:{tmp_path}/x"},
    }
    study = DefenceStudy.model_validate(
        {"name": "partly", "title": "Mine", "seeds": [1], "settings": QUICK, "attacks": [*ATTACKS[:1], nowhere],
         "defences": [{"name": "pruning"}]}
    )  # fmt: skip
    plan = Plan(where="local", workers=1, device="cpu")
    with pytest.raises(RunError, match="2 of 4 networks failed"):
        defence_run.run(study, runs_dir=runs, out=out, plan=plan, console=Console(file=said, width=200))
    assert "no such folder" in said.getvalue()
    found = DefenceResults.model_validate_json(out.read_bytes())
    assert [(each.attack, each.status) for each in found.table] == [("patch", "measured"), ("own", "missing")]
