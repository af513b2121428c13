from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN
from site_src.plugin.page import PageBuilder
from site_src.report.catching import results
from site_src.report.facts.catching import Catching
from tests.site_src.report.catching.small_study import PLAN, Small


@pytest.fixture
def catching(page: PageBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catching:
    monkeypatch.setattr(results, "read_plan", lambda _: PLAN)
    (tmp_path / "small.json").write_text(Small().results().model_dump_json(), encoding="utf-8")
    return Catching(page, Facts(page.around.catalogue, tmp_path))


def rows(markdown: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in markdown.splitlines()[2:]]


def test_a_missing_or_outdated_file_is_refused(catching: Catching, tmp_path: Path) -> None:
    with pytest.raises(FactError, match=r"there is no metrics file .*other\.json"):
        catching.defences_matrix("other")
    content = json.loads((tmp_path / "small.json").read_text("utf-8"))
    content["networks"][1]["recipe_sha256"] = "0" * 64
    (tmp_path / "small.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(FactError, match=r"has changed since small\.json was measured"):
        catching.defences_matrix("small")


def test_every_cell_of_the_table_leads_to_details_on_the_page(catching: Catching, page: PageBuilder) -> None:
    table = page.html(catching.defences_matrix("small"))
    below = page.html(catching.defences_explained("small"))
    leads = re.findall(r'href="#([^"]+)"', table)
    assert len(leads) == len(set(leads)) == 8
    assert set(leads) <= set(re.findall(r'id="([^"]+)"', below))


def test_a_further_study_has_names_of_its_own_on_the_page(catching: Catching, page: PageBuilder) -> None:
    first = page.html(catching.defences_matrix("small") + catching.defences_explained("small"))
    further = page.html(catching.defences_study("small"))
    ids = set(re.findall(r'id="([^"]+)"', further))
    assert set(re.findall(r'href="#([^"]+)"', further)) <= ids
    assert not ids & set(re.findall(r'id="([^"]+)"', first))


def test_each_defence_has_a_section_with_its_thinking_and_its_paper(catching: Catching) -> None:
    text = catching.defences_explained("small")
    assert text.index("### Inputs { #inputs }") < text.index("#### STRIP { #strip }") < text.index("### Network")
    assert "[A paper, 2019](https://arxiv.org/abs/1902.06531)." in text
    assert "Lay other images over the input" in text


def test_costs_are_in_the_order_of_time_with_a_tally_of_words(catching: Catching, tmp_path: Path) -> None:
    small = Small().results()
    slower = [
        each.model_copy(update={"seconds": {"patch": 60.0, "latent": 120.0}[each.attack]})
        if each.defence == "strip"
        else each
        for each in small.table
    ]
    (tmp_path / "small.json").write_text(small.model_copy(update={"table": slower}).model_dump_json(), "utf-8")
    found = rows(catching.defences_costs("small"))
    assert found[-1] == ["[STRIP](#strip)", "Inputs", f"1.5{THIN}min", "1", "0", "1", "0"]
    assert [
        "[Activation clustering](#activation-clustering)",
        "Training data",
        f"2{THIN}s",
        "0",
        "1",
        "0",
        "1",
    ] in found


def test_a_defence_that_was_measured_nowhere_has_no_time_and_comes_last(catching: Catching, tmp_path: Path) -> None:
    small = Small()
    small.said["patch", "activation-clustering"] = ["no training data"] * 2
    (tmp_path / "small.json").write_text(small.results().model_dump_json(), "utf-8")
    assert rows(catching.defences_costs("small"))[-1][:3] == [
        "[Activation clustering](#activation-clustering)", "Training data", "—",
    ]  # fmt: skip


def test_the_hardest_attack_to_catch_comes_first(catching: Catching) -> None:
    first, second = catching.defences_slip("small").splitlines()
    assert first == "- **Latent** slips through 2 of 3 defences. Caught by Gentle fine-tuning."
    assert second.startswith("- **Patch** slips through 1 of 4 defences. Caught by ")


def test_the_zoo_is_judged_over_all_networks(catching: Catching, page: PageBuilder) -> None:
    (row,) = rows(catching.defences_zoo_table("small"))
    assert row[:2] == ["Neural Cleanse", "4 backdoored, 4 clean"]
    assert row[-1] == "2 of 4 found, 0 of 4 false alarms"
    assert "by False alarms" in page.html(catching.defences_zoo("small", "Caption"))


def test_papers_stand_beside_what_was_measured(catching: Catching, page: PageBuilder, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "small.json", tmp_path / "again.json")
    html = page.html(catching.defences_claims({"small": "Here", "again": "There"}))
    assert re.findall(r'<th scope="row">([^<]+) <small>([^<]+)</small>', html) == [
        ("STRIP", "Patch"), ("Activation clustering", "Patch"), ("Neural Cleanse", "Patch"),
    ]  # fmt: skip
    row = re.search(rf'data-title="The paper">1\.85 % .*?data-title="Here">(4{THIN}%[^<]*)</td>(.*?)</tr>', html)
    assert row is not None
    assert row[2] == f'<td data-title="There">{row[1]}</td>'


def test_one_number_is_put_into_words(catching: Catching) -> None:
    said = catching.defences_measured("small", "strip", "patch", "missed")
    assert re.match(rf"\d+(\.\d)?{THIN}% .*pass while 1{THIN}% of the clean ones are rejected", said)
    with pytest.raises(FactError, match="no cell of strip against nothing"):
        catching.defences_measured("small", "strip", "nothing", "missed")
    with pytest.raises(FactError, match="by alarms, found, missed, f1, index, repair, not 'luck'"):
        catching.defences_measured("small", "strip", "patch", "luck")  # type: ignore[arg-type]


def test_a_study_is_counted(catching: Catching) -> None:
    assert [catching.defences_count("small", what) for what in ("attacks", "defences", "backdoored", "clean")] == [
        "2", "4", "4", "4",
    ]  # fmt: skip
    with pytest.raises(FactError, match="a study counts attacks"):
        catching.defences_count("small", "monkeys")
    assert catching.defences_time("small") == f"1.3{THIN}min"


def test_the_rule_for_the_words_covers_every_family(catching: Catching) -> None:
    assert [row[0] for row in rows(catching.defences_rules())] == [
        "**Inputs**", "**Training data**", "**Network**", "**Repair**",
    ]  # fmt: skip


def test_memory_is_that_of_the_largest_measurement(catching: Catching, tmp_path: Path) -> None:
    small = Small().results()
    cells = [small.cells[0].model_copy(update={"peak_bytes": 3 * 10**9}), *small.cells[1:]]
    (tmp_path / "small.json").write_text(small.model_copy(update={"cells": cells}).model_dump_json(), "utf-8")
    assert catching.defences_memory("small") == f"3.0{THIN}GB"
