"""Memory of this process: how much it took, and that the C library keeps it.

Returning the memory of each large tensor costs more than the arithmetic.
"""

from __future__ import annotations

import contextlib
import ctypes
import re
import sys
from functools import cache
from pathlib import Path

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_KEPT = (1 << 31) - 1


@cache
def keep_memory() -> None:
    """Stop glibc from requesting each large block from the system again; does nothing on other platforms.

    A fresh block is zeroed page by page on first write. On a virtual machine with two cores this made MobileNetV2 three
    times slower.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
        mallopt(_M_TOP_PAD, 1 << 26)


def reset_peak() -> None:
    """Let `peak` count from now on; without effect where the system does not allow it."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)  # what earlier work left would count as well
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak() -> int | None:
    """The largest main memory of this process since `reset_peak`, in bytes; None where the system does not say."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None
