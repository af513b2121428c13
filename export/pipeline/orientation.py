"""The orientation that a camera notes in an image's file (Exif 2.32, tag 0x0112), read as strictly as by browsers."""

from __future__ import annotations

import struct

_TAG, _SHORT = 0x0112, 3
_HEADER = b"Exif\0\0"
UPRIGHT = 1


def orientation_of(exif: bytes) -> int:
    """The orientation, 1 to 8; upright where the entry is missing, damaged, or not one number of 16 bits.

    Args:
        exif: A file's EXIF block, with or without the header that JPEG puts before it.
    """
    tiff = exif.removeprefix(_HEADER)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, at)
        for entry in range(entries):
            tag, kind, count, value = struct.unpack_from(f"{order}HHIH", tiff, at + 2 + 12 * entry)
            if (tag, kind, count) == (_TAG, _SHORT, 1) and 1 <= value <= 8:
                return int(value)
    except struct.error:
        return UPRIGHT
    return UPRIGHT
