"""The changelog as an Atom feed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from xml.etree import ElementTree as ET

import markdown

_ATOM = "http://www.w3.org/2005/Atom"
_VERSION = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - (?P<date>\d{4}-\d{2}-\d{2}))?[^\n]*\n", re.MULTILINE)


@dataclass(frozen=True)
class Version:
    """One version of the changelog."""

    name: str
    released: date | None
    """None for what is not released yet."""
    changes: str
    """Markdown."""


def versions(changelog: str) -> list[Version]:
    """The versions of a file that keeps to *Keep a Changelog*, in its order; one without changes is left out."""
    heads = list(_VERSION.finditer(changelog))
    ends = [*(head.start() for head in heads[1:]), len(changelog)]
    found = [
        Version(head["name"], date.fromisoformat(head["date"]) if head["date"] else None, changelog[head.end() : end])
        for head, end in zip(heads, ends, strict=True)
    ]
    return [version for version in found if version.changes.strip()]


def feed(changelog: str, *, title: str, address: str, built: date) -> bytes:
    """An Atom feed with an entry for each version.

    Args:
        changelog: The text of CHANGELOG.md.
        title: Of the site.
        address: Of the site, with its slash at the end.
        built: When the site is built: the date of what is not released yet.
    """
    ET.register_namespace("", _ATOM)
    root = ET.Element(f"{{{_ATOM}}}feed")
    found = versions(changelog)
    latest = max((version.released or built for version in found), default=built)
    _add(root, "id", address)
    _add(root, "title", f"{title}: changes")
    _add(root, "updated", _moment(latest))
    _add(root, "link", href=address)
    _add(root, "link", rel="self", href=f"{address}feed.xml")
    _add(_add(root, "author"), "name", f"The authors of {title}")
    for version in found:
        entry = _add(root, "entry")
        _add(entry, "id", f"{address}#version-{version.name.lower()}")
        _add(entry, "title", "Since the last release" if version.released is None else f"Version {version.name}")
        _add(entry, "updated", _moment(version.released or built))
        _add(entry, "link", href=address)
        _add(entry, "content", markdown.markdown(version.changes.strip()), type="html")
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{_ATOM}}}{tag}", attributes)
    element.text = text
    return element


def _moment(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
