"""The standard streams of a command: fit to be written to, and given up when that fails."""

from __future__ import annotations

import contextlib
import io
import os
import sys


def prepare() -> None:
    """Make each write to a closed stream fail, and write letters that a stream cannot hold as escapes.

    Python discards what is printed when stdout is closed, and the next file that is opened gets its number: whatever a
    library prints would end up in that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if number == 0 else os.O_RDONLY)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process lives
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def give_up_stdout() -> bool:
    """Discard what stdout could not take, which Python would otherwise write again at exit; true if there was some."""
    try:
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError):  # tests replace stdout by a stream without a number
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False
