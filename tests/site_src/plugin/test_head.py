from __future__ import annotations

from site_src.plugin.head import into_head


def test_hints_stand_before_all_that_a_browser_waits_for() -> None:
    html = into_head('<head>\n<meta charset="utf-8"><link rel="stylesheet" href="a.css"></head>', "HINTS")
    assert html.index("charset") < html.index("HINTS") < html.index("stylesheet")


def test_a_head_without_a_charset_gets_hints_too() -> None:
    html = into_head('<html><head lang="en"><title>a</title></head><body><header></header></body></html>', "HINTS")
    assert html.index("<head") < html.index("HINTS") < html.index("<title>")


def test_a_file_without_head_stays_as_it_is() -> None:
    assert into_head("<header>part of a page</header>", "HINTS") == "<header>part of a page</header>"
