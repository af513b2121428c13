"""What is downloaded: files with their addresses, checksums and limits, and the collections that are only files."""

from __future__ import annotations

from dataclasses import dataclass

DRIVE = "drive:"
"""Begins the address of a file on Google Drive, followed by the file's id."""
GIB = 1 << 30


@dataclass(frozen=True)
class Item:
    """One file to download."""

    name: str
    """The file's name in the folder it goes to."""
    addresses: tuple[str, ...]
    """Where it is had, tried in this order: http(s) addresses, or `drive:ID`."""
    sha256: str | None = None
    """Published SHA-256, of the decompressed bytes for `.gz`; None where none is published: then it is pinned when it
    first arrives."""
    most_bytes: int = 4 * GIB
    """A larger file is refused."""
    archive: bool = False
    """Whether it is a tar or zip archive, which is read to its end before it is believed, and unpacked by
    `backdoors data fetch`."""


@dataclass(frozen=True)
class Collection:
    """Files that can be fetched by name but that no recipe trains on."""

    name: str
    title: str
    address: str
    licence: str
    citation: str
    items: tuple[Item, ...]
