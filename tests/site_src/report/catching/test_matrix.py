from __future__ import annotations

import re

from site_src.report.catching.matrix import caught, matrix
from site_src.report.catching.results import Found
from site_src.report.catching.words import Word
from tests.site_src.report.catching.small_study import Small


def found() -> Found:
    return Found("small", Small().results(), {})


def test_every_attack_meets_every_defence_under_its_family() -> None:
    html = matrix(found())
    heads = re.findall(r'<th scope="col"[^>]* data-family="([^"]+)">([^<]+)</th>', html)
    assert heads == [
        ("inputs", "STRIP"), ("training-data", "Activation clustering"), ("network", "Neural Cleanse"),
        ("repair", "Gentle fine-tuning"),
    ]  # fmt: skip
    rows = re.findall(r"<tr>\n<th scope=\"row\">(.*?)</tr>", html, re.DOTALL)
    assert len(rows) == 2
    for row in rows:
        assert re.findall(r'data-family="([^"]+)"', row) == [family for family, _ in heads]


def test_a_cell_leads_to_its_details_and_says_its_word() -> None:
    html = matrix(found())
    cell = re.search(r'<td class="bd-word-slips-through[^>]*><a href="#strip-latent">(.*?)</a></td>', html)
    assert cell is not None
    assert "slips through" in cell[1]


def test_a_single_attack_is_not_sorted() -> None:
    both = Small().results()
    assert "<select>" in matrix(Found("small", both, {}))
    one = both.model_copy(update={"attacks": both.attacks[:1]})
    assert "<select>" not in matrix(Found("small", one, {}))


def test_two_studies_on_a_page_have_ids_of_their_own() -> None:
    mine = matrix(Found("small", Small().results(), {}, prefix="mine-"))
    assert '<defence-matrix id="mine-matrix">' in mine
    assert re.findall(r'href="#(?!mine-)', mine) == []


def test_an_attack_says_how_often_it_succeeds() -> None:
    assert "Patch <small>succeeds on 95.5 to 96.0" in matrix(found())


def test_defences_that_could_not_be_tried_catch_and_miss_nothing() -> None:
    told = {attack: [(each.defence.name, each.word) for each in cells] for attack, cells in caught(found()).items()}
    assert told["latent"] == [
        ("strip", Word.SLIPS), ("neural-cleanse", Word.SLIPS), ("fine-tuning", Word.CAUGHT),
    ]  # fmt: skip
