from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from site_src.plugin.csp import Inline, find_inline, policy, protect, with_policy


def inline(html: str) -> Inline:
    found = Inline()
    find_inline(html, found)
    return found


def test_inline_scripts_are_allowed_by_the_hash_of_their_exact_text() -> None:
    text = ' var a = "<b>" && 1\n'
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy(inline(f"<script>{text}</script>"))


def test_scripts_with_a_source_and_data_blocks_need_no_hash() -> None:
    assert inline('<script src="a.js"></script><script type="application/json">{}</script>').scripts == set()


def test_styles_and_style_attributes_are_found() -> None:
    found = inline('<style>a{}</style><p style="color: red">x</p>')
    assert (found.styles, found.attributes) == ({"a{}"}, {"color: red"})
    assert "'unsafe-hashes'" in policy(found)
    assert "'unsafe-hashes'" not in policy(inline("<style>a{}</style>"))


def test_nothing_from_elsewhere_is_allowed() -> None:
    text = policy(Inline())
    assert "default-src 'self'" in text
    assert "http" not in text
    assert "unsafe-inline" not in text
    assert "'unsafe-eval'" not in text


def test_a_server_that_reloads_pages_may_run_its_script() -> None:
    assert "'unsafe-inline'" in policy(Inline(), serving=True)


def test_the_policy_stands_before_everything_that_it_governs() -> None:
    html = with_policy('<head><meta charset="utf-8"><link rel="stylesheet" href="a.css"></head>', "x")
    assert html.index("charset") < html.index("Content-Security-Policy") < html.index("stylesheet")


def test_writing_twice_leaves_one_policy() -> None:
    html = with_policy(with_policy("<html><head><title>a</title></head></html>", "x"), "y")
    assert html.count("Content-Security-Policy") == 1
    assert html.count('<meta name="referrer" content="no-referrer">') == 1
    assert 'content="y"' in html


def test_a_file_without_head_stays_as_it_is() -> None:
    assert with_policy("<p>part of a page</p>", "x") == "<p>part of a page</p>"


def test_all_pages_get_one_policy_that_allows_each_ones_scripts(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.html").write_text(f"<head></head><script>{name}</script>")
    content = protect(tmp_path, ["a.html", "b.html"])
    assert content.count("sha256-") == 2
    assert all(content in path.read_text() for path in tmp_path.glob("*.html"))


def test_workers_come_from_the_site_alone() -> None:
    assert "worker-src 'self';" in policy(Inline())
