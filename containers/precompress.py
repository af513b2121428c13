#!/usr/bin/env python3
"""Put a gzip copy beside each file of a built site that packs well: then the web server need not pack it each time."""

import gzip
import sys
from pathlib import Path

ENDINGS = frozenset(
    {
        ".css",
        ".html",
        ".ipynb",
        ".js",
        ".json",
        ".map",
        ".mjs",
        ".onnx",
        ".svg",
        ".txt",
        ".wasm",
        ".webmanifest",
        ".xml",
    }
)
SMALLEST = 1024
"""Bytes below which packing is not worth a file."""
WORTH = 0.95
"""A compressed copy is kept if its size is at most this fraction of the file."""


def precompress(folder: Path) -> tuple[int, int]:
    """Pack a folder's files.

    Returns:
        Bytes of the files that got a copy, and of the copies.
    """
    plain = packed = 0
    for path in sorted(folder.rglob("*")):
        if path.suffix not in ENDINGS or not path.is_file() or path.stat().st_size < SMALLEST:
            continue
        content = path.read_bytes()
        # no time in it: the same site gives the same image
        copy = gzip.compress(content, 9, mtime=0)
        if len(copy) <= WORTH * len(content):
            path.with_name(f"{path.name}.gz").write_bytes(copy)
            plain, packed = plain + len(content), packed + len(copy)
    return plain, packed


if __name__ == "__main__":
    before, after = precompress(Path(sys.argv[1]))
    sys.stdout.write(f"{before:,} bytes packed to {after:,}\n")
