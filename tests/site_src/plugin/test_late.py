"""Blocks that come from snippets: put in after the plugin has read the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.site_src.conftest import Built

Build = Callable[..., Built]
PAGE = '# A\n\nBefore.\n\n--8<-- "part.md"\n\nAfter.\n'


def built(build_site: Build, tmp_path: Path, part: str, extensions: list[object]) -> Built:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "part.md").write_text(part)
    snippets = {"pymdownx.snippets": {"base_path": [str(tmp_path / "parts")]}}
    return build_site({"index.md": PAGE}, markdown_extensions=[snippets, *extensions])


def test_a_block_of_a_snippet_becomes_a_widget(build_site: Build, tmp_path: Path) -> None:
    site = built(build_site, tmp_path, "```onnx-demo\nmodels: tiny-clean\n```\n", ["pymdownx.superfences"])
    assert site.warnings == []
    assert site.html().count("<onnx-demo") == 1


def test_a_mistake_in_a_snippet_is_reported_where_the_page_includes_it(build_site: Build, tmp_path: Path) -> None:
    site = built(build_site, tmp_path, "```onnx-demo\nmodels: none\n```\n", [])
    assert site.aborted
    (warning,) = site.warnings
    assert "docs/index.md:5: in a block that another file or plugin puts into this page: unknown model" in warning


def test_a_misspelt_block_of_a_snippet_is_reported(build_site: Build, tmp_path: Path) -> None:
    site = built(build_site, tmp_path, "```onnx-dmeo\nmodels: tiny-clean\n```\n", ["pymdownx.superfences"])
    assert site.aborted
    (warning,) = site.warnings
    assert "docs/index.md:5: in a block that another file or plugin puts into this page: there is no kind" in warning


def test_a_misspelt_block_of_the_page_itself_is_reported_once(build_site: Build) -> None:
    site = build_site({"index.md": "# A\n\n```onnx-dmeo\nmodels: tiny-clean\n```\n"})
    (warning,) = site.warnings
    assert "docs/index.md:3: there is no kind of block 'onnx-dmeo'" in warning
