"""Something like a built site."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def site(tmp_path: Path) -> Path:
    runtime = tmp_path / "assets/onnx-widgets/0123456789ab"
    theme = tmp_path / "assets/javascripts"
    for path in (runtime / "ort/ort.wasm", runtime / "widgets/index.mjs", theme / "bundle.min.js", theme / "lunr/a.js"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    sources = {
        "src/own.ts": "/* Copyright: the theme's */",
        "node_modules/escape-html/index.js": "/*! Copyright(c) somebody, MIT Licensed */ code",
    }
    maps = {"sources": list(sources), "sourcesContent": list(sources.values())}
    (theme / "bundle.min.js.map").write_text(json.dumps(maps))
    return tmp_path
