from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN
from site_src.plugin.page import PageBuilder
from site_src.report.facts.lab import DEFENCES, GONE, LabStudy


def network(trigger: str, *, backdoored: bool, **verdicts: str) -> dict[str, Any]:
    found = dict.fromkeys(DEFENCES, "right") | verdicts
    verdict = {name: {"verdict": each, "said": ""} for name, each in found.items()}
    return {"trigger": trigger, "seed": 4, "backdoored": backdoored, "verdicts": verdict}


@pytest.fixture
def lab(page: PageBuilder, tmp_path: Path) -> LabStudy:
    networks = [
        network("patch", backdoored=True, search="partly", tune="wrong"),
        network("patch", backdoored=False, search="wrong", prune="nothing", tune="nothing"),
        network("warp", backdoored=True, strip="wrong"),
        network("warp", backdoored=False, prune="nothing", tune="nothing"),
    ]
    milliseconds = {"epoch": 612.4, "training": 15_000, "search": 4000, "strip": 1.0, "pruneStep": 2.0, "tune": 3.0}
    milliseconds["epochs"] = 25
    told = {"cpu": "Fast CPU", "browser": "153.0.1.0"}
    parts = {
        "verdicts": {"networks": networks},
        "speeds": told | {"milliseconds": milliseconds},
        "blocks": {"processor": 31.2},
        "tensorflow": {"ours": 20.0, "cpuBackend": {"milliseconds": 401.0}, "wasmBackend": {"cannot": "no kernel"}},
        "bytes": {"files": 60_000, "modules": 150_000, "runtime": 4_000_000},
        "memory": {"trainings": [{"training": 1, "process": 180_000_000}, {"training": 10, "process": 190_000_000}]},
    }
    (tmp_path / "lab-study.json").write_text(json.dumps(parts), encoding="utf-8")
    return LabStudy(Facts(page.around.catalogue, tmp_path))


def test_a_defence_is_counted_on_backdoored_and_on_clean_networks(lab: LabStudy) -> None:
    _, _, search, strip, _, prune, tune = lab.lab_defences_table().splitlines()
    assert "| 2 of 2 (1 with another class beside the right one) | 1 of 2 |" in search
    assert "| 1 of 2 | 0 of 2 |" in strip
    assert "removed from 2 of 2 | accuses nobody |" in prune
    assert "removed from 1 of 2 | accuses nobody |" in tune


def test_each_network_has_a_row_with_every_verdict(lab: LabStudy) -> None:
    rows = lab.lab_networks_table().splitlines()[2:]
    assert rows[0] == "| white square | partly | right | right | right | **wrong** |"
    assert rows[1] == "| its clean twin (seed 4) | **wrong** | right | right | nothing to remove | nothing to remove |"
    assert len(rows) == 4


def test_times_bytes_and_memory_are_those_of_the_file(lab: LabStudy) -> None:
    speeds = lab.lab_speeds_table()
    assert f"| 612{THIN}ms |" in speeds
    assert f"| 25 epochs of both networks, each measured after every epoch | 15.0{THIN}s |" in speeds
    assert f"| 31{THIN}ms |" in speeds
    assert (lab.lab_tensorflow(), lab.lab_tensorflow_lacks()) == ("20", "no kernel")
    assert lab.lab_machine() == "Chromium 153 on one thread (Fast CPU)"
    assert lab.lab_bytes() == f"210{THIN}kB"
    assert (lab.lab_memory(1), lab.lab_memory(10)) == (f"180{THIN}MB", f"190{THIN}MB")


def test_the_games_pool_is_that_of_its_file(lab: LabStudy) -> None:
    card = json.loads(Path("site_assets/lab/game.json").read_text())
    backdoored = [each for each in card["networks"] if each["attack"]]
    assert lab.lab_game_pool() == f"{len(card['networks'])}, of which {len(backdoored)} are backdoored"


def test_removed_means_what_it_means_in_the_page() -> None:
    assert f"GONE = {GONE};" in Path("site_assets/widgets/lab/verdicts.mjs").read_text()
