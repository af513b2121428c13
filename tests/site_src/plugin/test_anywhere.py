from __future__ import annotations

import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from site_src.plugin.anywhere import BUNDLES, ThemeChangedError, relocate

FUNCTION = "function fi(e,t){return e.protocol=t.protocol,e.hostname=t.hostname,e}"


def site(folder: Path, script: str) -> Path:
    place = folder / "assets/javascripts"
    place.mkdir(parents=True)
    (place / "bundle.0123.min.js").write_text(script)
    return folder


def text(folder: Path) -> str:
    (script,) = folder.glob(BUNDLES)
    return script.read_text()


@pytest.mark.parametrize(
    ("built_for", "page"),
    [("http://127.0.0.1:8000/", "http://127.0.0.1:8000/a/"), ("https://x.org/report/", "https://x.org/report/a/")],
)
def test_an_address_of_the_sitemap_becomes_one_of_the_place_it_is_served_from(
    tmp_path: Path, built_for: str, page: str
) -> None:
    relocate(site(tmp_path, f"1;{FUNCTION}2;"), built_for)
    code = text(tmp_path).removeprefix("1;").removesuffix("2;")
    call = f"{code};console.log(String(fi(new URL('{page}'),new URL('http://localhost:9/below/'))))"
    said = subprocess.run(["node", "-e", call], capture_output=True, text=True, check=True)  # noqa: S607
    assert said.stdout.strip() == "http://localhost:9/below/a/"


def test_the_themes_own_script_has_the_function(tmp_path: Path) -> None:
    (script,) = Path(str(files("material"))).glob(f"templates/{BUNDLES}")
    relocate(site(tmp_path, script.read_text("utf-8")), "http://127.0.0.1:8000/")


def test_another_version_of_the_theme_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ThemeChangedError, match="switch the option `anywhere` off"):
        relocate(site(tmp_path, "function fi(e,t){return e}"), "http://127.0.0.1:8000/")


def test_another_theme_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ThemeChangedError, match="expected one script of the theme Material, found 0"):
        relocate(tmp_path, "http://127.0.0.1:8000/")
