"""CITATION.cff names the papers that the released models and the report rest on."""

from __future__ import annotations

from pathlib import Path

import yaml

from export.card.io import read_card

ROOT = Path(__file__).parents[1]
CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["references"]


def test_every_paper_whose_attack_a_released_model_carries_is_cited() -> None:
    cards = [read_card(path) for path in sorted((ROOT / "site_assets" / "models").glob("*/card.json"))]
    papers = {card.backdoor.paper for card in cards if card.backdoor}
    assert papers
    assert [paper for paper in papers if not any(each["title"] in paper for each in CITED)] == []
    assert "10.1145/3319535.3354209" in {each.get("doi") for each in CITED}


def test_every_defence_that_is_tried_is_cited() -> None:
    titles = [each["title"] for each in CITED]
    for defence in ("Neural Cleanse", "Fine-Pruning"):
        assert any(title.startswith(defence) for title in titles), defence
