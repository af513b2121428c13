from __future__ import annotations

import hashlib
import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from site_src.plugin.catalogue import Catalogue
from site_src.plugin.problems import Problem
from site_src.plugin.runtime import Assets
from site_src.plugin.widgets.backdoor_lab import KIND, BackdoorLab, ResolvedLab
from site_src.plugin.widgets.base import Output, Surroundings
from site_src.plugin.widgets.reading import read_block
from site_src.plugin.widgets.registry import KINDS

RELEASED = Path("site_assets/models")


def look_up(body: str, *folders: Path, page: Path = Path()) -> tuple[ResolvedLab | None, list[Problem]]:
    lab, lines, problems = read_block(body, 2, KIND.fence, KIND.schema)
    assert lab is not None, problems
    widget, problems = KIND.resolve(lab, lines, Surroundings(Catalogue([*folders]), page, {}))
    assert widget is None or isinstance(widget, ResolvedLab)
    return widget, problems


def test_the_block_is_known_and_reads_well_without_scripts() -> None:
    assert KINDS["backdoor-lab"] is KIND
    widget, problems = look_up("id: mine\n")
    assert problems == []
    assert widget is not None
    made = widget.render("mine", Output(Assets(), str))
    assert '<backdoor-lab id="mine">' in made
    assert "JavaScript" in made


def test_networks_are_served_and_named_with_the_size_of_their_file() -> None:
    widget, problems = look_up("models: [mnist-badnet, mnist-clean]\n", RELEASED)
    assert problems == []
    assert widget is not None
    output = Output(Assets(), lambda address: f"../{address}")
    made = re.search('config="([^"]*)"', widget.render("lab", output))
    assert made is not None
    first, second = json.loads(html.unescape(made[1]))["models"]
    assert (first["name"], second["name"]) == ("mnist-badnet", "mnist-clean")
    served = first["card"].removeprefix("../").replace("card.json", "BACKDOORED-mnist-badnet.int8-weight-only.onnx")
    path = output.assets.files[served]
    assert isinstance(path, Path)
    assert path.stat().st_size == first["weights"]


def test_a_network_that_the_lab_cannot_search_is_reported_with_its_line() -> None:
    widget, (problem,) = look_up("models:\n  - mnist-clean\n  - dogs-student-clean\n", RELEASED)
    assert widget is None
    assert problem.line == 4
    assert "the kind mnist-cnn, and this is a mobilenet-v2" in problem.message


@pytest.mark.parametrize(
    ("model", "changed", "said"),
    [
        ("mnist-badnet", {"labels": [f"digit {label}" for label in range(10)]}, "this network has others"),
        ("mnist-clean", {"trigger": None, "label_map": None}, "names no trigger and label map"),
        ("{model: mnist-badnet, precision: int8-qdq}", {}, "name one with `precision`"),
    ],
)
def test_a_network_that_does_not_fit_the_lab_is_reported(
    tmp_path: Path, model: str, changed: dict[str, Any], said: str
) -> None:
    name = "mnist-clean" if "clean" in model else "mnist-badnet"
    shutil.copytree(RELEASED / name, tmp_path / name)
    card = json.loads((tmp_path / name / "card.json").read_text()) | changed
    if "precision" in model:
        given = card["files"][0]
        card["files"].append(given | {"name": "BACKDOORED-q.onnx", "precision": "int8-qdq"})
        shutil.copy(tmp_path / name / given["name"], tmp_path / name / "BACKDOORED-q.onnx")
    (tmp_path / name / "card.json").write_text(json.dumps(card))
    widget, (problem,) = look_up(f"models: [{model}]\n", tmp_path)
    assert widget is None
    assert said in problem.message


def test_an_unknown_key_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="epochs"):
        BackdoorLab.model_validate({"epochs": 3})


def test_a_lab_with_data_of_its_own_is_served_as_its_card_says() -> None:
    widget, problems = look_up("data: lab/lab.json\n", page=Path("site_assets"))
    assert problems == []
    assert widget is not None
    output = Output(Assets(), lambda address: f"../{address}")
    made = re.search('config="([^"]*)"', widget.render("lab", output))
    assert made is not None
    told = json.loads(html.unescape(made[1]))["data"]
    content = Path("site_assets/lab/lab.json").read_bytes()
    assert (told["bytes"], told["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    address = told["card"].removeprefix("../")
    assert output.assets.files[address] == content
    assert output.assets.files[address.replace("lab.json", "digits.bin")] == Path("site_assets/lab/digits.bin")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda lab: (lab / "lab.json").unlink(), "`data` names the lab.json that `backdoors lab-data` wrote"),
        (lambda lab: (lab / "lab.json").write_text("{}"), r"lab\.json is no lab's card: field title"),
        (lambda lab: (lab / "digits.bin").write_bytes(b"others"), r"digits\.bin: 6 bytes, the card says"),
        (lambda lab: (lab / "train.onnx").unlink(), r"train\.onnx: the file is missing"),
        (
            lambda lab: (lab / "digits.bin").symlink_to((lab / "digits.bin").rename(lab.parent / "d")),
            "a link that leads",
        ),
    ],
)
def test_a_lab_whose_files_are_not_right_gets_one_line(tmp_path: Path, spoil: object, said: str) -> None:
    shutil.copytree("site_assets/lab", tmp_path / "lab")
    spoil(tmp_path / "lab")  # type: ignore[operator]
    widget, (problem,) = look_up("id: mine\ndata: lab/lab.json\n", page=tmp_path)
    assert widget is None
    assert problem.line == 3
    assert re.search(said, problem.message)
    assert "\n" not in problem.message


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"labels": []}, "field labels: .*at least 2"),
        ({"labels": [str(label) for label in range(11)]}, "field labels: .*at most 10"),
        ({"labels": ["a", ""]}, r"field labels\.1: .*match pattern"),
        ({"labels": ["a", "\u202eb"]}, r"field labels\.1: .*a page cannot show it"),
        ({"data": {"name": "evil.html"}}, r"field data\.name: .*match pattern"),
        ({"data": {"name": "aux.bin"}}, "files: 'aux.bin' is the name of a device"),
        ({"data": {"training": 0}}, r"field data\.training: .*greater than or equal to 1"),
        ({"data": {"side": 10**400}}, r"field data\.side"),
        ({"data": {"darkest": 256}}, r"field data\.darkest"),
    ],
)
def test_a_card_that_no_lab_can_be_made_of_gets_one_line(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    card = json.loads(Path("site_assets/lab/lab.json").read_text())
    changed = {name: card[name] | value if isinstance(value, dict) else value for name, value in changed.items()}
    (tmp_path / "lab.json").write_text(json.dumps(card | changed))
    widget, (problem,) = look_up("data: lab.json\n", page=tmp_path)
    assert widget is None
    assert re.search(said, problem.message)


def test_a_lab_with_data_of_its_own_hunts_in_no_released_networks() -> None:
    widget, (problem,) = look_up("data: lab/lab.json\nmodels: mnist-clean\n", RELEASED, page=Path("site_assets"))
    assert widget is None
    assert "no released networks" in problem.message


def test_a_file_of_another_size_than_the_labs_card_says_is_refused(tmp_path: Path) -> None:
    shutil.copytree("site_assets/lab", tmp_path / "lab")
    card = json.loads((tmp_path / "lab" / "lab.json").read_text())
    card["data"]["bytes"] = 10**12
    (tmp_path / "lab" / "lab.json").write_text(json.dumps(card))
    widget, (problem,) = look_up("data: lab/lab.json\n", page=tmp_path)
    assert widget is None
    assert "digits.bin: " in problem.message
    assert "the card says 1,000,000,000,000; run `backdoors lab-data` again" in problem.message
