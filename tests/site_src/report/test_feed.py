from __future__ import annotations

from datetime import date
from xml.etree import ElementTree as ET

from site_src.report.feed import feed, versions

CHANGELOG = """# Changelog

Words about the format.

## [Unreleased]

### Added

- A *thing* & more.

## [0.2.0] - 2026-11-20

- Two.

## [0.1.0] - 2026-10-01

"""
ATOM = {"a": "http://www.w3.org/2005/Atom"}
BUILT = date(2026, 11, 26)


def parsed(changelog: str = CHANGELOG) -> ET.Element:
    return ET.fromstring(feed(changelog, title="Site", address="https://example.org/report/", built=BUILT))  # noqa: S314 - our own


def text(element: ET.Element, path: str) -> str:
    found = element.findtext(path, namespaces=ATOM)
    assert found is not None
    return found


def test_each_version_with_changes_is_found_with_its_day() -> None:
    assert [(one.name, one.released) for one in versions(CHANGELOG)] == [
        ("Unreleased", None),
        ("0.2.0", date(2026, 11, 20)),
    ]


def test_each_version_is_an_entry_with_its_changes_as_html() -> None:
    entries = parsed().findall("a:entry", ATOM)
    assert [text(entry, "a:title") for entry in entries] == ["Since the last release", "Version 0.2.0"]
    assert [text(entry, "a:updated")[:10] for entry in entries] == ["2026-11-26", "2026-11-20"]
    assert "<li>A <em>thing</em> &amp; more.</li>" in text(entries[0], "a:content")
    assert len({text(entry, "a:id") for entry in entries}) == len(entries)


def test_the_feed_is_as_new_as_its_newest_entry_and_says_where_it_is() -> None:
    assert text(parsed(), "a:updated") == "2026-11-26T00:00:00Z"
    released = CHANGELOG.replace("## [Unreleased]\n\n### Added\n\n- A *thing* & more.\n", "")
    assert text(parsed(released), "a:updated") == "2026-11-20T00:00:00Z"
    own = parsed().find("a:link[@rel='self']", ATOM)
    assert own is not None
    assert own.get("href") == "https://example.org/report/feed.xml"
