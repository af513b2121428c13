"""A site in a temporary folder: small models, a stand-in for onnxruntime-web's files, and a way to build it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from site_src.plugin.catalogue import Catalogue
from site_src.plugin.page import PageBuilder
from site_src.plugin.runtime import RUNTIME_FILES, WEBGPU_FILES, Assets, Runtime, collect
from site_src.plugin.widgets.base import Output, SampleImage, Surroundings
from tests.site_src.fixture_models import write_model


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clean and a backdoored model."""
    folder = tmp_path_factory.mktemp("models")
    write_model(folder, "tiny-clean")
    write_model(folder, "tiny-badnet", backdoored=True)
    return folder


@pytest.fixture
def runtime_dir(tmp_path: Path) -> Path:
    """Something like `node_modules/onnxruntime-web/dist`."""
    dist = tmp_path / "onnxruntime-web" / "dist"
    dist.mkdir(parents=True)
    for name in RUNTIME_FILES + WEBGPU_FILES:
        (dist / name).write_bytes(name.encode())
    (dist.parent / "package.json").write_text(json.dumps({"version": "1.2.3", "license": "MIT"}))
    return dist


@pytest.fixture
def page(models_dir: Path, runtime_dir: Path, tmp_path: Path) -> PageBuilder:
    """A page builder whose page lies in `tmp_path`."""

    def get_runtime() -> Runtime:
        return collect(runtime_dir)

    sets = {"digits": [SampleImage("one.png", b"one", "A one", "1")]}
    around = Surroundings(Catalogue([models_dir]), tmp_path, sets)
    output = Output(Assets(), lambda address: f"../{address}")
    return PageBuilder("docs/page.md", around, output, get_runtime)


@dataclass
class Built:
    """A built site."""

    folder: Path
    warnings: list[str]
    aborted: bool

    def html(self, address: str = "index.html") -> str:
        return (self.folder / address).read_text("utf-8")

    def files(self) -> set[str]:
        return {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file()}


@pytest.fixture
def build_site(
    models_dir: Path, runtime_dir: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Callable[..., Built]:
    """Builds a site from `{name: Markdown}`; keyword arguments go into mkdocs.yml, `options` to the plugin."""

    def run(pages: dict[str, str], options: dict[str, object] | None = None, **config: object) -> Built:
        docs = tmp_path / "docs"
        for name, text in pages.items():
            path = docs / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        plugin = {"models": [str(models_dir)], "runtime_dir": str(runtime_dir), **(options or {})}
        settings = {
            "site_name": "Test",
            "site_url": "https://example.org/somewhere/below/",
            "theme": "mkdocs",
            "strict": True,
            "plugins": [{"onnx-widgets": plugin}],
            **config,
        }
        (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        caplog.clear()
        aborted = False
        with caplog.at_level(logging.WARNING, logger="mkdocs"):
            try:
                build(load_config(str(tmp_path / "mkdocs.yml")))
            except Abort:
                aborted = True
        warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
        return Built(tmp_path / "site", warnings, aborted)

    return run
