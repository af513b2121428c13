"""Make the C library keep its memory: returning that of each large tensor costs more than the arithmetic."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

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
