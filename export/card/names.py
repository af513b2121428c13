"""Whether the names of a model and its files are ones that every system can hold."""

from __future__ import annotations

from collections.abc import Iterable

DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{kind}{number}" for kind in ("com", "lpt") for number in range(10))}
)
"""Names that Windows keeps, with any ending and in any case."""


def names_problem(names: Iterable[str]) -> str | None:
    """What is wrong with the names of files that lie in one folder, in a sentence; None if nothing is.

    Other names that Windows cannot hold break the schema's pattern.
    """
    known: dict[str, str] = {}
    for name in names:
        if name.partition(".")[0].lower() in DEVICES:
            return f"'{name}' is the name of a device on Windows: choose another"
        other = known.setdefault(name.lower(), name)
        if other != name:
            return f"'{other}' and '{name}' differ in case only, which Windows and macOS do not tell apart"
    return None
