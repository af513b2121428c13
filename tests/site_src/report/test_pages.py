"""The report's pages as Markdown: what it would read as something else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[3] / "site_src/pages").glob("*.md"))
NUMBER = re.compile(r"^[-*] .*\n +\d+[.)] ", re.MULTILINE)


def test_a_year_that_begins_a_line_would_be_a_list_of_its_own() -> None:
    assert NUMBER.search("- A paper. RAID\n  2018. Its address.\n")
    assert not NUMBER.search("- A paper.\n  RAID 2018. Its address.\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_year_begins_a_line_of_a_list(page: Path) -> None:
    found = NUMBER.search(page.read_text("utf-8"))
    assert found is None, found[0] if found else ""
