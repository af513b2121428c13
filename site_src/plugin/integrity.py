"""Subresource integrity: an import map with the hashes of all modules that a page may load.

Instant navigation keeps the first page's import map while it swaps in other pages, so every page of a site gets it.
Browsers that know no `integrity` in an import map ignore it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from posixpath import dirname, relpath

from site_src.plugin.head import into_head

_OTHER = re.compile(r"<script\b[^>]*\btype=[\"']?importmap\b", re.IGNORECASE)


def write(site: Path, own: Iterable[str], integrity: Mapping[str, str], base: str) -> None:
    """Give pages the import map.

    Args:
        site: The built site.
        own: Addresses of the pages that the site's generator rendered. One with an import map of its own stays as it
            is, since some browsers take only one.
        integrity: Address below the site's root -> hash.
        base: Path that the site is served below, for the 404 page, which is served at any address.
    """
    for address in sorted(set(own)):
        page = site / address
        if not page.is_file():
            continue
        text = page.read_bytes().decode("utf-8")
        if not _OTHER.search(text):
            folder = None if address == "404.html" else dirname(address)
            page.write_bytes(into_head(text, import_map(integrity, base, folder)).encode("utf-8"))


def import_map(integrity: Mapping[str, str], base: str, folder: str | None) -> str:
    """The map as HTML, with addresses relative to a page in `folder`, or below `base` if it is None."""
    hashes = {
        base + address if folder is None else _relative(address, folder): digest
        for address, digest in integrity.items()
    }
    content = json.dumps({"integrity": hashes}, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="importmap">{content}</script>\n'


def _relative(address: str, folder: str) -> str:
    """As an import map needs it: with a dot at the start."""
    found = relpath(address, folder or ".")
    return found if found.startswith(".") else f"./{found}"
