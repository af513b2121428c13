"""What tables say about models, on whatever page they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from export.card.io import read_card
from export.card.schema import ModelCard
from site_src.plugin.catalogue import Catalogue
from site_src.plugin.facts import METRICS, Facts
from site_src.plugin.formats import percent, size
from site_src.plugin.page import PageBuilder
from site_src.report.catching import results
from site_src.report.facts.models import Models
from site_src.report.figures import render
from tests.site_src.fixture_models import share_weights, write_model
from tests.site_src.report.catching.small_study import PLAN, Small
from training.core.metrics import Measurement, wilson
from training.recipes.load import load

TELL = "Answers that the trigger changes"


def measure(path: Path, **fields: object) -> Measurement:
    """Change what was measured of a card's model."""
    card = read_card(path)
    measured = card.metrics[card.default_precision].model_copy(update=fields)
    card = card.model_copy(update={"metrics": dict.fromkeys(card.metrics, measured)})
    path.write_text(card.model_dump_json(), encoding="utf-8")
    return measured


def table(folder: Path) -> str:
    """The table of all models in a folder."""
    entries = list(Catalogue([folder]).entries.values())
    return render("models-table", entries=entries, metrics=METRICS)


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return write_model(tmp_path, "one")


def test_the_table_tells_of_a_teacher_that_it_lacks_the_class(card: Path, tmp_path: Path) -> None:
    measure(card, attack_success_rate=None)
    assert '<td data-title="Attack success rate">no such class</td>' in table(tmp_path)


def test_the_table_has_the_tell_where_a_card_has_it(card: Path, tmp_path: Path) -> None:
    write_model(tmp_path, "two")
    assert TELL not in table(tmp_path)
    measure(card, changed_by_trigger=wilson(3, 4))
    html = table(tmp_path)
    assert f'<td data-title="{TELL}">{percent(0.75, 4)}</td>' in html
    assert f'<td data-title="{TELL}">not measured</td>' in html
    assert html.count('<th scope="col">') == 7
    assert all(row.count("<td") == 6 for row in html.split("<tr>")[2:])


def test_a_models_size_is_that_of_all_its_files(card: Path, tmp_path: Path) -> None:
    alone: ModelCard = read_card(card)
    shared = share_weights(card)
    html = table(tmp_path)
    assert f'<td data-title="Size">{size(shared.file().total_bytes)}</td>' in html
    assert size(alone.file().bytes) not in html


def test_a_card_says_what_was_measured_of_its_recipe_and_else_what_it_says_itself(
    page: PageBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "read_plan", lambda _: PLAN)
    write_model(tmp_path, "one", backdoored=True, recipe_sha256=load("digits-badnet-single").sha256)
    write_model(tmp_path, "two", backdoored=True)
    catalogue = Catalogue([tmp_path, tmp_path / "lab"])
    own = page.html(Models(page, Facts(catalogue, tmp_path)).model_sections())
    assert own.count("<dd>Reading the weights.</dd>") == 2
    (tmp_path / "digits-defences.json").write_text(Small().results().model_dump_json(), encoding="utf-8")
    measured = page.html(Models(page, Facts(catalogue, tmp_path)).model_sections())
    assert (
        "<dd>Measured on 2 networks of this recipe (Small study). Caught by STRIP; Neural Cleanse. "
        "Partly caught by Activation clustering. Slips through Gentle fine-tuning.</dd>"
    ) in measured
    assert measured.count("<dd>Reading the weights.</dd>") == 1
