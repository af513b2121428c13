"""A Content-Security-Policy for static pages: a meta element that allows the theme's own inline scripts by their hash.

Instant navigation keeps the first page's policy while it swaps in other pages, and policies add up; so one policy
is made for all pages of a site.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from site_src.plugin.head import into_head

_META = re.compile(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>\n?")
_REFERRER = '<meta name="referrer" content="no-referrer">\n'
"""No other site is told which page led to it."""
_NOT_RUN = frozenset({"application/json", "application/ld+json", "text/template"})


@dataclass
class Inline:
    """Inline code found in pages."""

    scripts: set[str] = field(default_factory=set)
    styles: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    """Values of `style=` attributes."""


class _Finder(HTMLParser):
    def __init__(self, found: Inline) -> None:
        super().__init__(convert_charrefs=True)
        self.found = found
        self.inside: set[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("style"):
            self.found.attributes.add(given["style"] or "")
        if tag == "script" and "src" not in given and given.get("type") not in _NOT_RUN:
            self.inside = self.found.scripts
        elif tag == "style":
            self.inside = self.found.styles

    def handle_data(self, data: str) -> None:
        if self.inside is not None:
            self.inside.add(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self.inside = None


def find_inline(html: str, found: Inline) -> None:
    """Add a page's inline code to what was found before."""
    finder = _Finder(found)
    finder.feed(html)
    finder.close()


def policy(found: Inline, *, serving: bool = False) -> str:
    """The policy for pages with that inline code.

    Args:
        found: Inline code of all pages.
        serving: True under `mkdocs serve`, whose reload script changes with every build.
    """
    script = "'unsafe-inline'" if serving else _hashes(found.scripts)
    style = _hashes(found.styles | found.attributes)
    if found.attributes:
        style = f"'unsafe-hashes' {style}"
    directives = {
        "default-src": "'self'",
        "script-src": f"'self' 'wasm-unsafe-eval' {script}",
        "worker-src": "'self'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' blob:",
        "connect-src": "'self'",
        "style-src": f"'self' {style}",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
    }
    return "; ".join(f"{name} {value}".strip() for name, value in directives.items())


def with_policy(html: str, content: str) -> str:
    """The page with the policy's meta element, before anything that it governs; a page without head stays as it is."""
    meta = f'<meta http-equiv="Content-Security-Policy" content="{content}">'
    return into_head(_META.sub("", html).replace(_REFERRER, ""), f"{meta}\n{_REFERRER}")


def protect(site: Path, own: Iterable[str], *, serving: bool = False) -> str:
    """Write one policy into all HTML files of a built site.

    Args:
        site: The built site's folder.
        own: Addresses of the pages that the site's generator rendered. Only their inline code is allowed: any other
            HTML file was copied into the site, perhaps from a stranger's folder, and must not allow its own.
        serving: As for `policy`.

    Returns:
        The policy.
    """
    found = Inline()
    for address in sorted(set(own)):
        if (site / address).is_file():
            find_inline(_text(site / address), found)
    content = policy(found, serving=serving)
    for page in sorted(site.rglob("*.html")):
        if page.is_file():
            page.write_bytes(with_policy(_text(page), content).encode("utf-8", "surrogateescape"))
    return content


def _text(page: Path) -> str:
    """A page's text; bytes that are not UTF-8 come back as they are when it is written."""
    return page.read_bytes().decode("utf-8", "surrogateescape")


def _hashes(pieces: set[str]) -> str:
    digests = (hashlib.sha256(piece.encode("utf-8")).digest() for piece in pieces)
    return " ".join(sorted(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests))
