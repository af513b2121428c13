"""How long a first and a second visit take on slow networks, as a table."""

from __future__ import annotations

from typing import Any

from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN, size
from site_src.report.tables import table

VISITS = "first-visits"


class Visits:
    """Macros that read `first-visits.json`, which `make first-visits` writes."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def visits_table(self) -> str:
        """Times for each network, device and state of the cache."""
        rows = []
        for row in self._file()["rows"]:
            times = [_seconds(row[name]) for name in ("first_paint", "stored_answer", "live_answer")]
            visit = f"{row['network']}, {row['device']}, {row['cache']}"
            rows.append([visit, *times, size(row["bytes"]), str(row["visits"])])
        return table(["Visit", "First paint", "Stored answer", "First live answer", "Bytes until then", "Visits"], rows)

    def visits_measured(self) -> str:
        """With which browser."""
        return f"with Chromium {self._file()['browser'].split('.')[0]}"

    def visits_links(self) -> str:
        """The networks: speeds and round trips."""
        return " or ".join(
            f"{link['megabits']:g}{THIN}Mbit/s with a round trip of {link['roundTrip']}{THIN}ms ({link['name']})"
            for link in self._file()["links"]
        )

    def visits_slower(self) -> str:
        """How many times slower the main thread is on the phone."""
        return str(self._file()["slower"])

    def _file(self) -> dict[str, Any]:
        found: dict[str, Any] = self._facts.measurements(VISITS)
        return found


def _seconds(milliseconds: float | None) -> str:
    return "none" if milliseconds is None else f"{milliseconds / 1000:.1f}{THIN}s"
