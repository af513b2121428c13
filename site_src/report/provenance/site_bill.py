"""The bill of materials of a built site's scripts: every file with its hash, and whose work is in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from packageurl import PackageURL

from site_src.plugin.runtime import PREFIX
from site_src.report.provenance.writing import new_bill

SCRIPTS = frozenset({".js", ".mjs", ".wasm"})
THEME = "assets/javascripts"
LICENCES = {
    "clipboard": "MIT",
    "delegate": "MIT",
    "escape-html": "MIT",
    "focus-visible": "W3C",
    "good-listener": "MIT",
    "lunr": "MIT",
    "lunr-languages": "MPL-1.1",
    "rxjs": "Apache-2.0",
    "select": "MIT",
    "tiny-emitter": "MIT",
    "tslib": "0BSD",
}
"""Of the npm packages that Material's scripts are made of."""


def site_bill(site: Path, runtime_version: str) -> Bom:
    """The bill of a built site.

    Args:
        site: The site's folder.
        runtime_version: Of onnxruntime-web.
    """
    bill = new_bill("site")
    root = bill.metadata.component
    theme = _package("pypi", "mkdocs-material", version("mkdocs-material"), "MIT")
    runtime = _package("npm", "onnxruntime-web", runtime_version, "MIT")
    bundled = [_package("npm", name, None, LICENCES.get(name)) for name in sorted(bundled_packages(site))]
    owned: dict[str, list[Component]] = {"theme": list(bundled), "runtime": [], "own": []}
    for path in sorted(path for path in site.rglob("*") if path.suffix in SCRIPTS and path.is_file()):
        address = path.relative_to(site).as_posix()
        file = _file(address, path)
        bill.components.add(file)
        owned[owner(address)].append(file)
    bill.components.update([theme, runtime, *bundled])
    bill.register_dependency(theme, owned["theme"])
    bill.register_dependency(runtime, owned["runtime"])
    if root is not None:
        bill.register_dependency(root, [theme, runtime, *owned["own"]])
    return bill


def owner(address: str) -> str:
    """Whose a script is: the theme's, the runtime's or this project's own."""
    if address.startswith(f"{THEME}/"):
        return "theme"
    return "runtime" if address.startswith(f"{PREFIX}/") and "/ort/" in address else "own"


def bundled_packages(site: Path) -> set[str]:
    """Names of the npm packages that the theme's scripts are bundled from, as their source maps say."""
    return {package for package, _ in bundled_sources(site)} | (
        {"lunr-languages"} if (site / THEME / "lunr").is_dir() else set()
    )


def bundled_sources(site: Path) -> Iterator[tuple[str, str]]:
    """The text of each source in the theme's source maps that comes from an npm package, after the package's name."""
    for path in sorted((site / THEME).rglob("*.js.map")):
        content = json.loads(path.read_text("utf-8"))
        for source, text in zip(content["sources"], content.get("sourcesContent", []), strict=False):
            parts = Path(source).parts
            if "node_modules" in parts:
                yield parts[parts.index("node_modules") + 1], text or ""


def _package(kind: str, name: str, release: str | None, licence: str | None) -> Component:
    return Component(
        type=ComponentType.LIBRARY,
        bom_ref=f"{kind}:{name}",
        name=name,
        version=release,
        purl=PackageURL(kind, name=name, version=release),
        licenses=[] if licence is None else [DisjunctiveLicense(id=licence)],
    )


def _file(address: str, path: Path) -> Component:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Component(
        type=ComponentType.FILE,
        bom_ref=f"file:{address}",
        name=address,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
    )
