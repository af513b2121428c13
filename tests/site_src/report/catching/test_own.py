from __future__ import annotations

import re
from pathlib import Path

import pytest

from site_src.plugin.expressions import FactError
from site_src.report.catching import results
from site_src.report.catching.own import sections
from tests.site_src.report.catching.small_study import PLAN, Small


@pytest.fixture(autouse=True)
def plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "read_plan", lambda _: PLAN)


def found(folder: Path) -> list[str]:
    return list(sections(folder, "##", lambda html, _: html, lambda name, _: name))


def test_each_study_of_the_folder_has_its_table_and_details(tmp_path: Path) -> None:
    assert found(tmp_path) == []
    for name in ("first", "second"):
        (tmp_path / f"{name}.json").write_text(Small().results().model_dump_json(), encoding="utf-8")
    (tmp_path / "sweep.json").write_text('{"sweep": "mine", "rows": []}', encoding="utf-8")
    first, second = found(tmp_path)
    assert first.startswith("## Small study { #first }")
    leads = re.findall(r'href="#([^"]+)"', first)
    assert set(leads) <= set(re.findall(r'id="([^"]+)"', first))
    assert not set(re.findall(r'id="([^"]+)"', first)) & set(re.findall(r'id="([^"]+)"', second))


def test_a_study_that_is_outdated_is_shown_and_one_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    content = Small().results().model_dump_json()
    path = tmp_path / "mine.json"
    path.write_text(re.sub(r'"recipe_sha256":"\w+"', '"recipe_sha256":"0"', content), encoding="utf-8")
    assert len(found(tmp_path)) == 1
    path.write_text(content.replace('"table":', '"tables":'), encoding="utf-8")
    with pytest.raises(FactError, match=r"mine\.json cannot be read as results"):
        found(tmp_path)
    path.write_text(content[:-9], encoding="utf-8")
    with pytest.raises(FactError, match=r"mine\.json: cannot be read as JSON"):
        found(tmp_path)


def test_the_details_of_a_single_attack_lie_side_by_side(tmp_path: Path) -> None:
    both = Small().results()
    one = both.model_copy(update={"attacks": both.attacks[:1]})
    (tmp_path / "one.json").write_text(one.model_dump_json(), encoding="utf-8")
    (section,) = found(tmp_path)
    assert re.findall(r"<summary[^>]*><b>([^<]+)</b>", section) == [each.title for each in one.defences]
    assert set(re.findall(r'href="#([^"]+)"', section)) <= set(re.findall(r'id="([^"]+)"', section))
