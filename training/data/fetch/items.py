"""What can be downloaded: files with their addresses, checksums and limits, and collections of files."""

from __future__ import annotations

from dataclasses import dataclass

DRIVE = "drive:"
"""Prefix of the address of a file on Google Drive; the file's id follows."""
GIB = 1 << 30


@dataclass(frozen=True)
class Item:
    """One file to download."""

    name: str
    """The file's name in the folder it is saved to."""
    addresses: tuple[str, ...]
    """Where to download it, tried in this order: http(s) addresses, or `drive:ID`."""
    sha256: str | None = None
    """Published SHA-256, of the decompressed bytes for `.gz`. None if none is published: the file is then pinned when
    it is first downloaded."""
    most_bytes: int = 4 * GIB
    """A larger file is refused."""
    archive: bool = False
    """Whether it is a tar or zip archive: it is read to its end before it is accepted, and `backdoors data fetch`
    unpacks it."""


@dataclass(frozen=True)
class Collection:
    """Files that can be fetched by name but that no recipe trains on."""

    name: str
    title: str
    address: str
    licence: str
    citation: str
    items: tuple[Item, ...]
