"""Tags at the start of a page's head: hints at what widgets will need, and the policy.

A browser reads no further than a script while style sheets before it are loading, and Chromium does not look ahead for
links in a page with a policy. So hints stand before all style sheets, and the policy before anything that it governs.

Chromium's console may call a file's hint unused although it was of use on the first visit: there, preloads do not
match what a service worker answers, and Material's instant navigation sets every relative address anew, when the file
has been read already.
"""

from __future__ import annotations

import re

_PLACES = (re.compile(r"<meta\s+charset=[^>]*>", re.IGNORECASE), re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE))


def into_head(html: str, tags: str) -> str:
    """The page with `tags` at the start of its head; a page without a head stays as it is."""
    place = next((found for pattern in _PLACES if (found := pattern.search(html))), None)
    return html if place is None else f"{html[: place.end()]}\n{tags}{html[place.end() :]}"
