"""Tables in boxes that scroll."""

from __future__ import annotations

import re

from markdown import markdown

TABLE = "| a | b |\n|---|---|\n| 1 | 2 |\n"


def _html(text: str) -> str:
    return markdown(text, extensions=["tables", "toc", "site_src.report.wide_tables"])


def _names(text: str) -> list[str]:
    return re.findall(r'<div aria-label="([^"]*)" class="bd-scroll" role="region" tabindex="0">\n?<table', _html(text))


def test_a_table_stands_in_a_region_that_takes_the_focus_and_is_named_after_its_heading() -> None:
    assert _names(f"# Page\n\n## What it costs\n\n{TABLE}\nWords.") == ["What it costs, table"]
    assert re.search(r"</table>\s*</div>\s*<p>Words", _html(f"{TABLE}\nWords."))


def test_tables_below_one_heading_have_different_names() -> None:
    assert _names(f"## Cost\n\n{TABLE}\nand\n\n{TABLE}") == ["Cost, table", "Cost, table 2"]


def test_a_table_before_any_heading_and_one_inside_a_quotation_have_names_too() -> None:
    quoted = TABLE.replace("| a", "> | a").replace("|---|-", "> |---|-").replace("| 1", "> | 1")
    assert _names(f"{TABLE}\n## `code` heading\n\n{quoted}") == ["Table", "code heading, table"]
