from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from export.card.inside import Channel
from site_src.plugin.catalogue import Catalogue
from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN
from site_src.plugin.widgets.base import Surroundings
from site_src.report.facts.inside import InsideFacts
from tests.site_src.plugin.widgets.test_inside import CHANNELS, PLANE, give, silenced


@pytest.fixture
def catalogue(models_dir: Path, tmp_path: Path) -> Catalogue:
    shutil.copytree(models_dir, tmp_path / "models")
    return Catalogue([tmp_path / "models"])


@pytest.fixture
def facts(catalogue: Catalogue, tmp_path: Path) -> InsideFacts:
    give(Surroundings(catalogue, tmp_path, {}), "tiny-badnet", CHANNELS)
    return InsideFacts(Facts(catalogue, None))


def test_numbers_of_channels_come_from_the_file_beside_the_card(facts: InsideFacts) -> None:
    assert (facts.channel_count("tiny-badnet"), facts.half_silenced("tiny-badnet")) == ("3", "1")
    assert facts.half_silenced("tiny-badnet", "attack_success_rate") == f"60{THIN}%"
    assert facts.one_silenced("tiny-badnet", "attack_success_rate") == f"60{THIN}%"


def test_half_of_more_channels_is_half_of_them(catalogue: Catalogue, tmp_path: Path) -> None:
    four = CHANNELS.model_copy(update={
        "channels": [*CHANNELS.channels, Channel(index=3, moved=0)],
        "silenced": [silenced(hits) for hits in (100, 80, 50, 20, 0)],
        "alone": [silenced(hits) for hits in (80, 70, 90, 99)],
    })  # fmt: skip
    give(Surroundings(catalogue, tmp_path, {}), "tiny-badnet", four)
    found = InsideFacts(Facts(catalogue, None))
    assert found.half_silenced("tiny-badnet") == "2"
    assert found.half_silenced("tiny-badnet", "attack_success_rate") == f"50{THIN}%"
    assert found.one_silenced("tiny-badnet", "attack_success_rate") == f"70{THIN}%"


def test_an_unknown_metric_fails_the_build(facts: InsideFacts) -> None:
    with pytest.raises(FactError, match="unknown metric 'recall'"):
        facts.one_silenced("tiny-badnet", "recall")


def test_a_model_that_shows_a_plane_has_no_channels(catalogue: Catalogue, tmp_path: Path) -> None:
    give(Surroundings(catalogue, tmp_path, {}), "tiny-badnet", PLANE)
    with pytest.raises(FactError, match="shows a plane, not channels"):
        InsideFacts(Facts(catalogue, None)).channel_count("tiny-badnet")


def test_a_model_that_was_not_looked_into_fails_the_build(catalogue: Catalogue) -> None:
    with pytest.raises(FactError, match="write it with: backdoors inside"):
        InsideFacts(Facts(catalogue, None)).channel_count("tiny-badnet")
