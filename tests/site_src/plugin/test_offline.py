from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from site_src.plugin.offline import LARGEST, write
from site_src.plugin.runtime import NOTICES

REGISTER = "assets/onnx-widgets/0123/widgets/offline/register.mjs"
PAGE = "<!doctype html><html><head><title>{}</title></head><body></body></html>"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    for name in ("index.html", "404.html", "a/b/index.html"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(PAGE.format(name))
    (folder / "style.css").write_text("p {}")
    (folder / "network.onnx").write_bytes(b"onnx")
    (folder / "download.zip").write_bytes(bytes(LARGEST + 1))
    (folder / "sitemap.xml").write_text("<urlset/>")
    (folder / NOTICES).write_text("THIRD PARTY")
    return folder


def build(site: Path) -> dict[str, object]:
    found = re.search(r"^const BUILD = (.*);$", (site / "service-worker.js").read_text(), re.MULTILINE)
    assert found is not None
    parsed: dict[str, object] = json.loads(found[1])
    return parsed


def test_pages_load_the_module_from_where_they_are_and_say_their_version(site: Path) -> None:
    version = write(site, REGISTER, "/report/")
    for name, address in (
        ("index.html", REGISTER),
        ("a/b/index.html", f"../../{REGISTER}"),
        ("404.html", f"/report/{REGISTER}"),
    ):
        text = (site / name).read_text()
        assert f'src="{address}"' in text
        assert f'<meta name="site-version" content="{version}">' in text


def test_the_worker_lists_every_small_file_and_nothing_that_no_page_needs(site: Path) -> None:
    write(site, REGISTER, "/")
    files = build(site)["files"]
    assert isinstance(files, dict)
    assert set(files) == {"index.html", "404.html", "a/b/index.html", "style.css"}


def test_the_worker_knows_each_file_by_its_final_content(site: Path) -> None:
    write(site, REGISTER, "/")
    files = build(site)["files"]
    assert files == {name: hashlib.sha256((site / name).read_bytes()).hexdigest()[:16] for name in files}  # type: ignore[attr-defined]


def test_the_worker_is_a_classic_script_with_all_its_parts(site: Path) -> None:
    write(site, REGISTER, "/")
    text = (site / "service-worker.js").read_text()
    assert not re.search(r"^(export|import)\b", text, re.MULTILINE)
    used = set(re.findall(r"\bnew (SiteCache|Isolation)\(", text))
    assert used == set(re.findall(r"^class (\w+)", text, re.MULTILINE))


def test_a_changed_file_is_another_version_and_the_same_site_the_same(site: Path, tmp_path: Path) -> None:
    copies = [Path(shutil.copytree(site, tmp_path / name)) for name in ("same", "other")]
    (copies[1] / "style.css").write_text("p { color: red }")
    first, same, other = (write(folder, REGISTER, "/") for folder in (site, *copies))
    assert first == same
    assert first != other
    assert build(site)["files"] == build(copies[0])["files"]
