"""Text of messages: safe for a terminal (no control characters, no marks that reorder what is read), and hints."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode's categories of control, formatting (bidirectional marks among them), surrogate, private and unassigned code
points and of line and paragraph separators."""
LONGEST_LINE = 4000
"""Letters of `one_line`: what it repeats may be somebody's file, and hold megabytes."""
_JOINERS = {"\u200c", "\u200d"}
"""Zero-width joiners: formatting characters that Persian and emoji need and that reorder nothing."""


def printable(text: object, *, keep: str = "") -> str:
    r"""The text with each unsafe character written as an escape, such as `\x1b` or `\u202e`.

    Args:
        text: Anything; its `str` is taken.
        keep: Unsafe characters to leave as they are, such as a line feed.
    """
    return "".join(
        letter
        if letter in keep or letter in _JOINERS or unicodedata.category(letter) not in _UNSAFE
        else letter.encode("unicode_escape", "surrogatepass").decode("ascii")
        for letter in str(text)
    )


def one_line(text: object) -> str:
    """The text on one line, as `printable`: white space becomes one space, and a very long text loses its middle."""
    line = " ".join(str(text).split())
    if len(line) > LONGEST_LINE:
        half = LONGEST_LINE // 2
        line = f"{line[:half]} … {line[-half:]}"  # the end says what to do
    return printable(line)


def did_you_mean(wrong: str, known: Iterable[str], otherwise: str = "") -> str:
    """The hint of an error: `did you mean 'x'?` with the nearest known name; `otherwise` if none is near."""
    near = difflib.get_close_matches(wrong, list(known), n=1)
    return f"did you mean '{near[0]}'?" if near else otherwise
