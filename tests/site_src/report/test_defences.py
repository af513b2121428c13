from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from export.card.io import read_card
from export.card.schema import ModelCard
from site_src.plugin.expressions import FactError
from site_src.plugin.formats import NBSP
from site_src.report.defences import section, table
from tests.site_src.fixture_models import write_model
from tests.training.defences.subjects import CONFIDENCE, subject
from training.core.metrics import Measurement, wilson
from training.defences.base import Subject
from training.defences.registry import DEFENCES
from training.defences.verdict import Repaired
from training.studies import defences as study
from training.studies.schema import Defences

QUIET = Console(file=io.StringIO())


@pytest.fixture
def card(tmp_path: Path) -> ModelCard:
    return read_card(write_model(tmp_path, "one"))


def measured(sha256: str = "0" * 64) -> Defences:
    subjects: list[Subject] = [subject(sha256=sha256), subject(name="clean", sha256="1" * 64, backdoored=False)]
    return study.run(subjects, [CONFIDENCE, DEFENCES["pruning"]], [0], console=QUIET)


def rows(html: str) -> list[list[str]]:
    """The cells of the table's body as text."""
    body = html[html.index("<tbody>") :]
    return [
        [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]


def test_every_finding_stands_with_its_n_and_interval_beside_the_controls() -> None:
    found = rows(table(measured(), "0" * 64))
    assert [row[:2] for row in found[:2]] == [
        ["Confidence", "AUROC"], ["Confidence", "detected at 1 % false alarms"],
    ]  # fmt: skip
    assert all(f"n{NBSP}={NBSP}" in cell and "95" in cell for cell in found[0][2:])
    assert {len(row) for row in found} == {4}


def test_a_defence_that_cannot_be_used_says_why() -> None:
    *_, last = rows(table(measured(), "0" * 64))
    assert last[:2] == ["Pruning", "cannot be used"]
    assert last[2] == "needs the PyTorch network: made comes without"


def test_without_a_control_there_is_no_column_for_one() -> None:
    html = table(study.run([subject()], [CONFIDENCE], [0], console=QUIET), "0" * 64)
    assert "Clean control" not in html
    assert html.count('scope="col"') == 3


def test_the_values_are_those_of_the_file() -> None:
    found = measured()
    before = Measurement(data="x", clean_accuracy=wilson(500, 1000))
    after = Measurement(data="x", clean_accuracy=wilson(250, 1000))
    cell = found.cells[0].model_copy(update={"verdict": Repaired(images=1, before=before, after=after)})
    (_, first, *_), (_, second, *_) = ([*row[1:3]] for row in rows(table(found.with_cell(cell), "0" * 64))[-2:])
    assert (first[:4], second[:4]) == ("50.0", "25.0")


def test_a_table_names_what_stands_in_it_and_escapes_it() -> None:
    found = study.run([subject(name="<script>")], [CONFIDENCE], [0], console=QUIET)
    html = table(found, "0" * 64)
    assert "<caption>Defences on <code>&lt;script&gt;</code>, measured on made test</caption>" in html
    assert html.count('<th scope="row">') == len(rows(html))


def test_a_models_section_has_its_own_results_alone(card: ModelCard, tmp_path: Path) -> None:
    path = tmp_path / f"{card.id}.json"
    assert section(tmp_path, card, "####", str) == ""
    path.write_text(measured().model_dump_json(), encoding="utf-8")
    assert section(tmp_path, card, "####", str) == ""  # of another network
    path.write_text(measured(card.files[0].sha256).model_dump_json(), encoding="utf-8")
    assert section(tmp_path, card, "####", str).startswith("#### What defences make of it { #one-defences }\n\n<table")


def test_a_file_that_cannot_be_read_fails_the_page(card: ModelCard, tmp_path: Path) -> None:
    (tmp_path / f"{card.id}.json").write_text("{}x", encoding="utf-8")
    with pytest.raises(FactError, match="cannot be read as results of backdoors defend"):
        section(tmp_path, card, "####", str)
