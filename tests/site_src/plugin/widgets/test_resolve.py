from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from site_src.plugin.catalogue import Catalogue
from site_src.plugin.problems import Problem
from site_src.plugin.widgets.blocks import Demo, parse_block
from site_src.plugin.widgets.resolve import Picture, ResolvedDemo, Surroundings, resolve


@pytest.fixture
def around(models_dir: Path, tmp_path: Path) -> Surroundings:
    copy = tmp_path / "models"
    shutil.copytree(models_dir, copy)
    return Surroundings(Catalogue([copy]), tmp_path, {"digits": [Picture("1.png", b"1", "A one", "1")]})


def look_up(body: str, around: Surroundings) -> tuple[ResolvedDemo | None, list[Problem]]:
    demo, lines, problems = parse_block(body, 2)
    assert isinstance(demo, Demo), problems
    return resolve(demo, "demo-1", lines, around)


def the_problem(body: str, around: Surroundings) -> Problem:
    demo, (problem,) = look_up(body, around)
    assert demo is None
    return problem


def test_defaults_come_from_the_cards(around: Surroundings) -> None:
    demo, problems = look_up("models: [tiny-clean, tiny-badnet]\n", around)
    assert problems == []
    assert demo is not None
    assert (demo.trigger, demo.top, demo.compare) == ("switch", 3, True)
    assert {model.precision for model in demo.models} == {"int8-weight-only"}


def test_samples_are_no_input_when_there_are_none(around: Surroundings) -> None:
    demo, _ = look_up("models: tiny-clean\n", around)
    assert demo is not None
    assert demo.inputs == ("draw", "upload", "camera")


def test_an_unknown_model_is_told_with_its_line_and_the_nearest(around: Surroundings) -> None:
    problem = the_problem("models:\n  - tiny-clean\n  - tiny-badnett\n", around)
    assert problem == Problem(4, "unknown model 'tiny-badnett'; did you mean 'tiny-badnet'?")


def test_a_path_beside_the_page_finds_a_card(around: Surroundings) -> None:
    demo, _ = look_up("models: models/tiny-clean/card.json\n", around)
    assert demo is not None
    assert demo.models[0].entry.card.id == "tiny-clean"


def test_an_onnx_file_asks_for_its_own_precision(around: Surroundings) -> None:
    demo, _ = look_up("models: models/tiny-clean/tiny-clean.fp32.onnx\n", around)
    assert demo is not None
    assert demo.models[0].precision == "fp32"


def test_an_onnx_file_that_its_card_does_not_name_is_refused(around: Surroundings, tmp_path: Path) -> None:
    (tmp_path / "models/tiny-clean/other.onnx").write_bytes(b"")
    assert "does not describe other.onnx" in the_problem("models: models/tiny-clean/other.onnx\n", around).message


def test_a_file_changed_behind_its_cards_back_is_refused(around: Surroundings, tmp_path: Path) -> None:
    (tmp_path / "models/tiny-clean/tiny-clean.int8-weight-only.onnx").write_bytes(b"something else")
    assert "is not the file that its card describes" in the_problem("models: tiny-clean\n", around).message


def test_a_missing_file_is_told(around: Surroundings, tmp_path: Path) -> None:
    (tmp_path / "models/tiny-clean/tiny-clean.fp32.onnx").unlink()
    assert "cannot read" in the_problem("models: tiny-clean\nprecision: fp32\n", around).message


def test_a_precision_that_the_card_lacks_is_told(around: Surroundings) -> None:
    assert "has no int8-qdq file" in the_problem("models: tiny-clean\nprecision: int8-qdq\n", around).message


def test_an_unknown_set_of_samples_is_told(around: Surroundings) -> None:
    problem = the_problem("models: tiny-clean\nsamples: digit\n", around)
    assert problem == Problem(3, "unknown set of samples 'digit'; did you mean 'digits'?")


def test_a_picture_named_as_a_set_gets_advice(around: Surroundings) -> None:
    assert "- src: cat.png" in the_problem("models: tiny-clean\nsamples: [cat.png]\n", around).message


def test_a_missing_picture_is_told_with_its_line(around: Surroundings) -> None:
    problem = the_problem("models: tiny-clean\nsamples:\n  - digits\n  - {src: no.png, alt: None}\n", around)
    assert problem.line == 5
    assert "no.png" in problem.message


def test_samples_that_no_input_shows_are_told(around: Surroundings) -> None:
    assert the_problem("models: tiny-clean\ninputs: draw\nsamples: digits\n", around).line == 4


def test_a_trigger_that_no_card_has_is_told(around: Surroundings, tmp_path: Path) -> None:
    path = tmp_path / "models/tiny-clean/card.json"
    card = around.catalogue.get("tiny-clean").card.model_copy(update={"trigger": None})
    path.write_text(card.model_dump_json())
    fresh = Surroundings(Catalogue([path.parent.parent]), tmp_path, {})
    assert the_problem("models: tiny-clean\ntrigger: switch\n", fresh).line == 3
    demo, _ = look_up("models: tiny-clean\n", fresh)
    assert demo is not None
    assert demo.trigger == "off"


@pytest.mark.usefixtures("around")
def test_a_broken_card_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "models/tiny-clean/card.json").write_text("{}")
    catalogue = Catalogue([tmp_path / "models"])
    assert list(catalogue.entries) == ["tiny-badnet"]
    assert "card.json: field" in catalogue.broken[0]
