"""What a published site needs besides its pages: images and data for shared links, robots.txt, a feed.

A MkDocs hooks file: `mkdocs.yml` names it, and MkDocs calls its functions. A site without an address, or with one of
this machine only, gets nothing that states an address.
"""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mkdocs.plugins import event_priority
from mkdocs.utils import get_build_datetime

from site_src.plugin.catalogue import Catalogue
from site_src.plugin.runtime import collect, own_runtime
from site_src.report.feed import feed
from site_src.report.preview import HEIGHT, WIDTH, preview
from site_src.report.provenance.model_bill import model_bill
from site_src.report.provenance.notices import notices
from site_src.report.provenance.site_bill import site_bill
from site_src.report.provenance.writing import bill_text
from site_src.report.trigger_images import trigger_image
from training.core.files import write_text

if TYPE_CHECKING:
    from jinja2 import Environment
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.nav import Navigation
    from mkdocs.structure.pages import Page

PREVIEWS = "assets/previews"
PROVENANCE = "provenance"
_FIGURE = "mnist-badnet"
"""The model whose trigger a page's image shows, unless its front matter names another as `preview`."""
_TYPE = "TechArticle"
"""What schema.org calls a page, unless its front matter says otherwise as `schema`."""


def public_address(site_url: str | None) -> str | None:
    """The site's address with a slash at its end; None for one that only this machine understands."""
    host = urlsplit(site_url or "").hostname
    if not site_url or not host or host == "localhost":
        return None
    try:
        if ipaddress.ip_address(host).is_loopback:
            return None
    except ValueError:
        pass  # A name.
    return f"{site_url.rstrip('/')}/"


# Every page is read, and the site's folder is empty but for what is written here
def on_env(env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
    """Write the images, robots.txt and the feed."""
    site = Path(config.site_dir)
    (site / PREVIEWS).mkdir(parents=True, exist_ok=True)
    catalogue = Catalogue(Path(folder) for folder in _model_folders(config))
    for file in files.documentation_pages():
        if file.page is not None:
            (site / _preview_of(file.page)).write_bytes(_drawn(file.page, config, catalogue))
    address = public_address(config.site_url)
    (site / "robots.txt").write_text(robots(address), encoding="utf-8")
    if address:
        changelog = (_root(config) / "CHANGELOG.md").read_text("utf-8")
        built = get_build_datetime().date()
        (site / "feed.xml").write_bytes(feed(changelog, title=config.site_name, address=address, built=built))
    return env


# After the plugin has written its own: the bill lists what is served
@event_priority(-200)
def on_post_build(*, config: MkDocsConfig) -> None:
    """Write the bills of materials and the notices."""
    site = Path(config.site_dir)
    folder = site / PROVENANCE
    folder.mkdir(exist_ok=True)
    cards = (entry.card for entry in Catalogue(Path(each) for each in _model_folders(config)).released())
    runtime_version = collect(own_runtime()).version
    write_text(folder / "models.cdx.json", bill_text(model_bill(cards)))
    write_text(folder / "site.cdx.json", bill_text(site_bill(site, runtime_version)))
    write_text(folder / "third-party-notices.txt", notices(site))


# The theme's template of the page's head reads what this adds
def on_page_context(context: dict[str, Any], *, page: Page, config: MkDocsConfig, nav: Navigation) -> dict[str, Any]:  # noqa: ARG001
    """Tell the template what a shared link shows."""
    address = public_address(config.site_url)
    if address is None:
        page.canonical_url = None
    context["shared"] = {
        "title": _title(page, config),
        "description": page.meta.get("description", config.site_description),
        "url": page.canonical_url,
        "image": address and f"{address}{_preview_of(page)}",
        "width": WIDTH,
        "height": HEIGHT,
        "data": _structured(page, config, address),
    }
    return context


def robots(address: str | None) -> str:
    """The text of robots.txt: everything may be read, and where the list of pages is."""
    sitemap = f"Sitemap: {address}sitemap.xml\n" if address else ""
    return f"User-agent: *\nAllow: /\n{sitemap}"


def _structured(page: Page, config: MkDocsConfig, address: str | None) -> str:
    """What schema.org calls the page, as JSON that may stand in HTML."""
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": page.meta.get("schema", _TYPE),
        "headline": _title(page, config),
        "description": page.meta.get("description", config.site_description),
        "inLanguage": "en",
        "isAccessibleForFree": True,
        "isPartOf": {"@type": "WebSite", "name": config.site_name, **({"url": address} if address else {})},
    }
    if address:
        found |= {"url": page.canonical_url, "image": f"{address}{_preview_of(page)}"}
    return json.dumps(found, ensure_ascii=False).replace("<", "\\u003c")


def _drawn(page: Page, config: MkDocsConfig, catalogue: Catalogue) -> bytes:
    entry = catalogue.entries.get(page.meta.get("preview", _FIGURE))
    description = str(page.meta.get("description", config.site_description))
    above = "An interactive report" if page.is_homepage else config.site_name
    return preview(above, _title(page, config), description, trigger_image(entry.card) if entry else None)


def _title(page: Page, config: MkDocsConfig) -> str:
    """The page's own title; the first page stands for the site."""
    return config.site_name if page.is_homepage else str(page.meta.get("title", page.title))


def _preview_of(page: Page) -> str:
    """Where a page's image is."""
    return f"{PREVIEWS}/{page.file.src_uri.removesuffix('.md').replace('/', '-')}.png"


def _model_folders(config: MkDocsConfig) -> list[Path]:
    folders: list[Path] = config.plugins["onnx-widgets"].options.models  # type: ignore[attr-defined]
    return [_root(config) / folder for folder in folders]


def _root(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).parent
