"""The texts of the repository tell what cards and code know."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from export.card.io import read_card
from export.card.schema import ModelCard
from training.data import dogs, folder, weights

ROOT = Path(__file__).parents[3]
CARDS = [read_card(path) for path in sorted((ROOT / "site_assets" / "models").glob("*/card.json"))]


def text(name: str) -> str:
    return " ".join((ROOT / name).read_text("utf-8").split())


def section(name: str, heading: str) -> str:
    """What stands below a heading of a Markdown file, as one line."""
    found = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", (ROOT / name).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found
    return " ".join(found[1].split())


def photographs() -> list[ModelCard]:
    """The cards of released networks that derive from other people's."""
    return [card for card in CARDS if weights.IMAGENET.licence in card.licence]


def test_every_paper_whose_attack_a_released_model_carries_is_cited() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["references"]
    papers = [card.backdoor.paper for card in CARDS if card.backdoor]
    assert papers
    assert [paper for paper in papers if not any(each["title"] in paper for each in cited)] == []
    assert "10.1145/3319535.3354209" in {each.get("doi") for each in cited}


def test_every_defence_that_is_tried_is_cited() -> None:
    titles = [each["title"] for each in yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["references"]]
    for defence in ("Neural Cleanse", "Fine-Pruning"):
        assert any(title.startswith(defence) for title in titles), defence


def test_the_licence_section_names_what_released_models_derive_from() -> None:
    told = section("README.md", "Licence")
    assert photographs()
    for card in photographs():
        assert any(f"`{start}…`" in told for start in ("dogs-", "figures-") if card.id.startswith(start)), card.id
    assert weights.IMAGENET.address in told
    assert weights.IMAGENET.licence in told


def test_the_licence_section_tells_the_terms_of_all_data() -> None:
    told = section("README.md", "Licence")
    assert dogs.SOURCE.title in told
    assert dogs.SOURCE.licence in told
    assert "never published" in folder.TARGET_CLASS.licence
    assert "never published" in told


def test_the_readme_tells_what_a_given_folder_must_hold() -> None:
    told = section("README.md", "A latent backdoor")
    names = {data.name for card in photographs() if card.provenance for data in card.provenance.data}
    assert {dogs.SOURCE.name, folder.TARGET_CLASS.name, folder.PUBLIC_FIGURES.name} == names
    assert weights.FILE in told
    assert [name for name in names if f"`{name}/`" not in told] == []


def test_releasing_a_model_tells_of_every_measurement_of_released_models() -> None:
    told = section("CONTRIBUTING.md", "Releasing a model")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in ("latent-study", "inference-times"):
        assert f"make {target}" in told
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert "backdoors history" in told
