from __future__ import annotations

import hashlib
from pathlib import Path

from site_src.report.provenance.site_bill import site_bill
from site_src.report.provenance.writing import bill_text
from tests.site_src.report.provenance.bills import links, parts


def test_every_script_is_in_the_sites_bill_under_its_owner(site: Path) -> None:
    text = bill_text(site_bill(site, "1.2.3"))
    found, needs = parts(text), links(text)
    assert found["npm:onnxruntime-web"]["purl"] == "pkg:npm/onnxruntime-web@1.2.3"
    assert needs["npm:onnxruntime-web"] == ["file:assets/onnx-widgets/0123456789ab/ort/ort.wasm"]
    theme = ["file:assets/javascripts/bundle.min.js", "file:assets/javascripts/lunr/a.js"]
    assert needs["pypi:mkdocs-material"] == [*theme, "npm:escape-html", "npm:lunr-languages"]
    assert "file:assets/onnx-widgets/0123456789ab/widgets/index.mjs" in needs["site"]
    content = found["file:assets/javascripts/bundle.min.js"]["hashes"][0]["content"]
    assert content == hashlib.sha256(b"bundle.min.js").hexdigest()
    assert found["npm:escape-html"]["licenses"] == [{"license": {"id": "MIT"}}]
