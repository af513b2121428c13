"""Numbers as a reader sees them."""

from __future__ import annotations

NBSP = "\N{NO-BREAK SPACE}"
THIN = "\N{NARROW NO-BREAK SPACE}"
_MANY, _SOME = 5000, 200


def percent(value: float, n: int | None = None) -> str:
    """A proportion as a percentage, with no more decimals than `n` samples support."""
    decimals = 2 if n is None or n >= _MANY else 1 if n >= _SOME else 0
    return f"{100 * value:.{decimals}f}{THIN}%"


def chance(probability: float) -> str:
    """A network's probability as widgets write it (`percent` in output.mjs): never 100 % or 0 % for what is near."""
    value = 100 * probability
    if 99.95 <= value < 100:
        return f">{NBSP}99.9{NBSP}%"
    if 0 < value < 0.1:
        return f"<{NBSP}0.1{NBSP}%"
    return f"{value:.0f}{NBSP}%" if value == 100 else f"{value:.1f}{NBSP}%"


def count(number: float) -> str:
    """An integer with separated thousands."""
    return f"{number:,.0f}".replace(",", THIN)


def samples(n: float) -> str:
    """How many samples a value rests on, in one piece."""
    return f"n{NBSP}={NBSP}{count(n)}"


def unbroken(text: str) -> str:
    """Text whose percentages stay in one piece at the end of a line."""
    return text.replace(" %", f"{THIN}%")


def size(number_of_bytes: int, decimals: int = 2) -> str:
    """A file's size in decimal units."""
    for unit, factor in (("MB", 10**6), ("kB", 10**3)):
        if number_of_bytes >= factor:
            return f"{number_of_bytes / factor:.{decimals}f}{THIN}{unit}"
    return f"{number_of_bytes}{THIN}bytes"


def duration(seconds: float) -> str:
    """A duration, as precise as is useful."""
    minute, hour = 60, 3600
    if seconds < minute:
        return f"{seconds:.0f}{THIN}s"
    if seconds < hour:
        return f"{seconds / minute:.1f}{THIN}min"
    return f"{seconds / hour:.1f}{THIN}h"
