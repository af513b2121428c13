from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from site_src.plugin.integrity import import_map, write

HASHES = {"assets/w/index.mjs": "sha256-abc", "other.mjs": "sha256-def"}
PAGE = '<html><head><meta charset="utf-8"><link rel="modulepreload" href="x.mjs"></head></html>'


def addresses(html: str) -> list[str]:
    (found,) = re.findall(r'<script type="importmap">(.*?)</script>', html)
    hashes = json.loads(found)["integrity"]
    assert list(hashes.values()) == list(HASHES.values())
    return list(hashes)


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("", ["./assets/w/index.mjs", "./other.mjs"]),
        ("a/b", ["../../assets/w/index.mjs", "../../other.mjs"]),
        ("assets", ["./w/index.mjs", "../other.mjs"]),
        (None, ["/below/assets/w/index.mjs", "/below/other.mjs"]),
    ],
)
def test_addresses_are_relative_to_the_page_and_never_bare(folder: str | None, expected: list[str]) -> None:
    assert addresses(import_map(HASHES, "/below/", folder)) == expected


def test_each_rendered_page_gets_the_map_before_anything_that_loads_a_module(tmp_path: Path) -> None:
    for name in ("index.html", "a/index.html", "404.html", "copied.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(PAGE)
    write(tmp_path, ["index.html", "a/index.html", "404.html", "not-written.html"], HASHES, "/")
    for name, first in (("index.html", "./assets"), ("a/index.html", "../assets"), ("404.html", "/assets")):
        html = (tmp_path / name).read_text()
        assert addresses(html)[0] == f"{first}/w/index.mjs"
        assert html.index("importmap") < html.index("modulepreload")
    assert (tmp_path / "copied.html").read_text() == PAGE


def test_a_page_with_a_map_of_its_own_stays_as_it_is(tmp_path: Path) -> None:
    own = PAGE.replace("</head>", "<script type=importmap>{}</script></head>")
    (tmp_path / "index.html").write_text(own)
    write(tmp_path, ["index.html"], HASHES, "/")
    assert (tmp_path / "index.html").read_text() == own


def test_an_address_cannot_end_the_map(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(PAGE)
    address = "a/</script><script>steal()/x.mjs"
    write(tmp_path, ["index.html"], {address: "sha256-abc"}, "/")
    html = (tmp_path / "index.html").read_text()
    assert "<script>steal" not in html
    (found,) = re.findall(r'<script type="importmap">(.*?)</script>', html)
    assert list(json.loads(found)["integrity"]) == [f"./{address}"]
