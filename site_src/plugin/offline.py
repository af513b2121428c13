"""The service worker of a built site: one version of all its small files, for reading without a network."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from posixpath import relpath

from site_src.plugin.runtime import NOTICES, own_assets

WORKER = "service-worker.js"
LARGE = frozenset({".bin", ".gz", ".map", ".onnx", ".wasm"})
"""Networks and the runtime are kept by the widgets, by their hashes; packed copies and source maps by nobody."""
NOT_READ = frozenset({WORKER, NOTICES, "sitemap.xml"})
"""Files that no page needs."""
LARGEST = 2**20
"""Bytes of a file; larger ones are downloads."""

_HEAD_END = re.compile(r"</head>", re.IGNORECASE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


def write(site: Path, register: str, base: str) -> str:
    """Make a built site readable without a network.

    Args:
        site: The built site; all its pages are final but for what is written here.
        register: Address of the module that pages load, below the site's root.
        base: Path that the site is served below, for the 404 page, which is served at any address.

    Returns:
        The version, a hash of all files.
    """
    addresses = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if _kept(path))
    version = _digest("".join(f"{name} {_digest((site / name).read_bytes())}\n" for name in addresses).encode())
    for name in addresses:
        if name.endswith(".html"):
            script = base + register if name == "404.html" else relpath(register, Path(name).parent.as_posix())
            _add_to_head(site / name, version, script)
    files = {name: _digest((site / name).read_bytes()) for name in addresses}
    folder = own_assets() / "widgets" / "offline"
    build = json.dumps({"version": version, "files": files}, separators=(",", ":"))
    parts = (
        *(_EXPORT.sub("", (folder / name).read_text("utf-8")) for name in ("site-cache.mjs", "isolation.mjs")),
        f"const BUILD = {build};\n",
        (folder / "wiring.js").read_text("utf-8"),
    )
    (site / WORKER).write_text("\n".join(parts), "utf-8")
    return version


def _kept(path: Path) -> bool:
    if not path.is_file() or path.suffix in LARGE or path.name in NOT_READ:
        return False
    return path.stat().st_size <= LARGEST


def _add_to_head(page: Path, version: str, script: str) -> None:
    tags = f'<meta name="site-version" content="{version}">\n<script type="module" async src="{script}"></script>\n'
    text = page.read_text("utf-8")
    page.write_text(_HEAD_END.sub(lambda end: tags + end[0], text, count=1), "utf-8")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
