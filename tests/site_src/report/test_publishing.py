from __future__ import annotations

import pytest

from site_src.report.publishing import public_address, robots


@pytest.mark.parametrize(
    "local", [None, "", "http://127.0.0.1:8000/", "http://localhost/report/", "http://[::1]:80/", "not an address"]
)
def test_an_address_of_this_machine_only_is_none(local: str | None) -> None:
    assert public_address(local) is None


@pytest.mark.parametrize("address", ["https://example.org/report/", "https://example.org/report"])
def test_a_public_address_ends_in_a_slash(address: str) -> None:
    assert public_address(address) == "https://example.org/report/"


def test_robots_name_the_sitemap_where_there_is_an_address() -> None:
    assert robots("https://example.org/report/").endswith("\nSitemap: https://example.org/report/sitemap.xml\n")
    assert "Sitemap" not in robots(None)
    assert "Disallow" not in robots(None)
