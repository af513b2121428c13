"""Instant navigation wherever a site is served from.

Material's script swaps pages in place only where the sitemap lists their addresses. It compares them with the address
that the site was built for, so at another port or below another path every click reloads the page. Here its function
that takes a sitemap's address to the reader's host takes it to the reader's port and path as well.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from training.core.errors import UserError

BUNDLES = "assets/javascripts/bundle.*.min.js"

_RELOCATE = re.compile(
    r"function (?P<name>[\w$]+)\((?P<url>[\w$]+),(?P<root>[\w$]+)\)"
    r"\{return (?P=url)\.protocol=(?P=root)\.protocol,(?P=url)\.hostname=(?P=root)\.hostname,(?P=url)\}"
)


class ThemeChangedError(UserError):
    """The theme's script is not the one that is known here."""


def relocate(site: Path, site_url: str) -> None:
    """Let a built site's instant navigation work at any address.

    Args:
        site: The built site, with the theme Material.
        site_url: The address that it was built for.

    Raises:
        ThemeChangedError: If the theme's script has no such function, or several.
    """
    base = urlsplit(site_url).path.rstrip("/") + "/"
    scripts = sorted(site.glob(BUNDLES))
    if len(scripts) != 1:
        raise ThemeChangedError(f"{site / BUNDLES}: expected one script of the theme Material, found {len(scripts)}")
    (script,) = scripts
    text, found = _RELOCATE.subn(
        lambda match: (
            f"function {match['name']}({match['url']},{match['root']})"
            f"{{return new URL({match['url']}.pathname.slice({len(base)}),{match['root']})}}"
        ),
        script.read_text("utf-8"),
    )
    if found != 1:
        raise ThemeChangedError(
            f"{script}: expected one function that relocates the sitemap's addresses, found {found}: this version of "
            "Material is another; switch the option `anywhere` off"
        )
    script.write_text(text, "utf-8")
