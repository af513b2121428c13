"""Hints in a page's head, so that a browser asks at once for what widgets further down will need.

A browser reads no further than a script while style sheets before it are under way, and in a page with a policy in its
head Chromium does not look ahead for links either. So hints stand before all style sheets.
"""

from __future__ import annotations

import re

_PLACES = (re.compile(r"<meta\s+charset=[^>]*>", re.IGNORECASE), re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE))


def into_head(html: str, hints: str) -> str:
    """The page with hints at the start of its head; a page without a head stays as it is."""
    place = next((found for pattern in _PLACES if (found := pattern.search(html))), None)
    return html if place is None else f"{html[: place.end()]}\n{hints}{html[place.end() :]}"
