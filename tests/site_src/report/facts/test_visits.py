from __future__ import annotations

import json
from pathlib import Path

from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN
from site_src.plugin.page import PageBuilder
from site_src.report.facts.visits import Visits

ROW = {
    "network": "Fast 4G", "device": "phone", "cache": "cold", "first_paint": 850, "stored_answer": 900,
    "live_answer": 5400, "bytes": 5_300_000, "visits": 3,
}  # fmt: skip


def visits(page: PageBuilder, folder: Path) -> Visits:
    rows = [ROW, ROW | {"cache": "warm", "stored_answer": None, "live_answer": 1400, "bytes": 0}]
    links = [{"name": "Fast 4G", "megabits": 9, "roundTrip": 170}, {"name": "3G", "megabits": 0.4, "roundTrip": 400}]
    found = {"browser": "153.0.1.0", "links": links, "slower": 4, "rows": rows}
    (folder / "first-visits.json").write_text(json.dumps(found), encoding="utf-8")
    return Visits(Facts(page.around.catalogue, folder))


def test_each_visit_is_a_row_of_times_and_bytes(page: PageBuilder, tmp_path: Path) -> None:
    lines = visits(page, tmp_path).visits_table().splitlines()
    cold = [cell.strip() for cell in lines[-2].strip("|").split("|")]
    warm = [cell.strip() for cell in lines[-1].strip("|").split("|")]
    assert cold[0] == "Fast 4G, phone, cold"
    assert cold[3] == f"5.4{THIN}s"
    assert cold[-1] == "3"
    assert (warm[0], warm[2], warm[3]) == ("Fast 4G, phone, warm", "none", f"1.4{THIN}s")


def test_the_measurement_says_with_which_browser_and_links(page: PageBuilder, tmp_path: Path) -> None:
    found = visits(page, tmp_path)
    assert (found.visits_measured(), found.visits_slower()) == ("with Chromium 153", "4")
    assert found.visits_links() == (
        f"9{THIN}Mbit/s with a round trip of 170{THIN}ms (Fast 4G) or "
        f"0.4{THIN}Mbit/s with a round trip of 400{THIN}ms (3G)"
    )
