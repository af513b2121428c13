"""Notices of third parties: the licence of everything that a built site holds and that is not this project's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from site_src.plugin.runtime import licence, own_runtime
from site_src.plugin.runtime import notices as runtime_notices
from site_src.report.provenance.site_bill import LICENCES, bundled_packages, bundled_sources

_HEADER = re.compile(r"/\*.*?\*/", re.DOTALL)
_SAYS = re.compile(r"licen[cs]e|copyright|©", re.IGNORECASE)
_RULE = "=" * 80
MOBILENET = "MobileNetV2 (Google Coral), whose layers the networks of photos derive from"


def notices(site: Path) -> str:
    """All of them, as text. What a package says in its own sources stands there in its own words."""
    return f"\n\n{_RULE}\n\n".join(f"{title}\n\n{text.strip()}" for title, text in _sections(site)) + "\n"


def _sections(site: Path) -> Iterator[tuple[str, str]]:
    theme = distribution("mkdocs-material")
    yield f"mkdocs-material {theme.version}: the theme, its scripts and icons", _text("mkdocs-material", "LICENSE")
    said: dict[str, set[str]] = {}
    for name, text in bundled_sources(site):
        said.setdefault(name, set()).update(each for each in _HEADER.findall(text) if _SAYS.search(each))
    for name in sorted(bundled_packages(site)):
        words = [f"Licence: {LICENCES.get(name, 'see its sources')} (SPDX); bundled into the theme's scripts."]
        yield name, "\n\n".join([*words, *sorted(said.get(name, ()))])
    runtime = own_runtime().parent
    yield "onnxruntime-web", licence(runtime).decode()
    yield "What is compiled into onnxruntime", _compiled_in(runtime)
    yield MOBILENET, "Licence: Apache-2.0 (SPDX); changed: trained further, quantised, and in part backdoored."
    yield "Apache License 2.0", _text("onnx", "LICENSE")


def _compiled_in(package: Path) -> str:
    """Raises FileNotFoundError if the runtime's version changed without them."""
    said = runtime_notices(package)
    if said is None:
        raise FileNotFoundError(
            "the third-party notices of this version of onnxruntime-web are missing: take them from the Python package "
            "onnxruntime of the same version into site_src/plugin/templates"
        )
    return said.decode()


def _text(package: str, name: str) -> str:
    """The text of an installed package's licence."""
    found = distribution(package).read_text(f"licenses/{name}")
    if found is None:
        raise FileNotFoundError(f"{package}: its {name} is not installed beside it")
    return found
