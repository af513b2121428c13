from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from site_src.plugin.catalogue import Catalogue
from site_src.plugin.problems import Problem
from site_src.plugin.runtime import Assets
from site_src.plugin.widgets.backdoor_lab import KIND, BackdoorLab, ResolvedLab
from site_src.plugin.widgets.base import Output, Surroundings
from site_src.plugin.widgets.reading import read_block
from site_src.plugin.widgets.registry import KINDS

RELEASED = Path("site_assets/models")


def look_up(body: str, *folders: Path) -> tuple[ResolvedLab | None, list[Problem]]:
    lab, lines, problems = read_block(body, 2, KIND.fence, KIND.schema)
    assert lab is not None, problems
    widget, problems = KIND.resolve(lab, lines, Surroundings(Catalogue([*folders]), Path(), {}))
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


def test_an_unknown_key_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="epochs"):
        BackdoorLab.model_validate({"epochs": 3})
