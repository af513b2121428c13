"""Unpack tar and zip archives safely: nothing outside the folder, no links, within limits, all or nothing."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from training.data.base import DataError
from training.data.fetch.items import GIB

CHUNK = 1 << 18
LONGEST_HEADER = 1 << 20
"""The longest read allowed from a tar archive: real headers are far smaller."""
BLOCK = 512
"""Bytes in a block of a tar archive; a block of zeros marks its end."""
MARK = ".unpacked"
"""A file in an unpacked folder, with the SHA-256 of its archive."""
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, ValueError)


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold."""

    most_files: int = 200_000
    """Entries of any kind, including folders."""
    most_bytes: int = 32 * GIB
    """Bytes when unpacked."""


class _Entry(NamedTuple):
    name: str
    """As written in the archive."""
    content: IO[bytes]


def check(path: Path, limits: Limits | None = None) -> int:
    """Read an archive to its end without writing anything.

    Returns:
        The number of files in it.

    Raises:
        DataError: If it is not an archive, is damaged or truncated, or `unpack` would refuse it.
    """
    count = 0
    with _reading(path):
        for entry in _entries(path, limits or Limits()):
            while entry.content.read(CHUNK):
                pass
            count += 1
    return count


def unpack(path: Path, folder: Path, sha256: str, limits: Limits | None = None) -> Path:
    """Return the folder with the archive's files, and unpack it first if it is missing or from another archive.

    Args:
        path: A zip, tar, tar.gz, tar.bz2 or tar.xz file, recognised by its content.
        folder: Where the files go, all or none; an existing folder is replaced.
        sha256: The archive's, stored in the folder to recognise it.
        limits: How much the archive may hold.

    Raises:
        DataError: If the file is not an archive, is damaged, holds a link, a special file, a name that leads out of
            the folder or appears twice, or more than the limits allow. Nothing is left behind.
    """
    if mark_of(folder) == sha256:
        return folder
    fresh, old = (folder.with_name(f".{folder.name}.{word}") for word in ("new", "old"))
    with _reading(path), _removed_at_the_end(fresh, old):
        fresh.mkdir(parents=True)
        for entry in _entries(path, limits or Limits()):
            target = fresh / PurePosixPath(entry.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as stream:
                shutil.copyfileobj(entry.content, stream, CHUNK)
        (fresh / MARK).write_text(f"{sha256}\n", encoding="utf-8")
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    return folder


def mark_of(folder: Path) -> str | None:
    """SHA-256 of the archive that a folder was unpacked from; None for any other folder."""
    mark = folder / MARK
    return mark.read_text(encoding="utf-8").strip() if mark.is_file() else None


@contextlib.contextmanager
def _removed_at_the_end(*folders: Path) -> Iterator[None]:
    """Remove working folders, before and after."""
    try:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        yield
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what the libraries raise into a DataError."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except _BROKEN as error:
        raise DataError(f"{path}: a damaged archive ({error or type(error).__name__})") from error
    except RuntimeError as error:
        raise DataError(f"{path}: this archive cannot be opened ({error})") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be unpacked: {error.strerror or error}") from error


def _entries(path: Path, limits: Limits) -> Iterator[_Entry]:
    """Every file of an archive, checked before it is yielded; read each before the next."""
    with path.open("rb") as stream:
        start = stream.read(6)
        stream.seek(0)
        if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            yield from _zip_entries(stream, limits)
        else:
            yield from _tar_entries(_decompressed(stream, start), limits)


def _decompressed(stream: IO[bytes], start: bytes) -> IO[bytes]:
    """The tar inside a compressed file, recognised by its first bytes."""
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=stream)  # type: ignore[return-value]  # has everything tarfile uses
    if start.startswith(b"BZh"):
        return bz2.BZ2File(stream)
    if start.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMAFile(stream)
    return stream


class _Tally:
    """Counts an archive's entries, and refuses those over the limits, unsafe or duplicated."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.entries = 0
        self.bytes = 0
        self.names: set[PurePosixPath] = set()

    def entry(self, name: str) -> None:
        """Count a file or folder by its name."""
        self.entries += 1
        if self.entries > self.limits.most_files:
            raise DataError(f"holds more than the {self.limits.most_files:,} files allowed")
        _check_name(name)

    def file(self, name: str, size: int) -> None:
        """Count a file by the size in its header."""
        path = PurePosixPath(name)
        if path in self.names:
            raise DataError(f"holds {_shown(name)} twice")
        self.names.add(path)
        self.bytes += size
        if self.bytes > self.limits.most_bytes:
            raise DataError(f"holds more than the {self.limits.most_bytes:,} bytes allowed")


def _check_name(name: str) -> None:
    """Refuse a name that is not a plain path below the folder, on any system."""
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or ".." in parts or "\\" in name or re.match(r"[A-Za-z]:", name):
        raise DataError(f"holds {_shown(name)}, which leads out of the folder")
    if (
        not name.isprintable()
        or PurePosixPath(name) == PurePosixPath(MARK)
        or any(len(p.encode()) > 255 for p in parts)
    ):
        raise DataError(f"holds {_shown(name)}, which is not a valid file name")


def _shown(name: str) -> str:
    return ascii(name[:80])


def _zip_entries(stream: IO[bytes], limits: Limits) -> Iterator[_Entry]:
    tally = _Tally(limits)
    with zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            tally.entry(info.filename)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                what = "a link" if kind == stat.S_IFLNK else "not a regular file"
                raise DataError(f"holds {_shown(info.filename)}, which is {what}")
            if info.flag_bits & 1:
                raise DataError(f"holds {_shown(info.filename)}, which is encrypted")
            if info.is_dir():
                continue
            tally.file(info.filename, info.file_size)
            with archive.open(info) as content:
                yield _Entry(info.filename, content)


class _Bounded(io.RawIOBase):
    """A tar stream with a limit on how far it is read: a small file may decompress to endless zeros."""

    def __init__(self, stream: IO[bytes], limits: Limits) -> None:
        self.last = b""
        """The bytes of the last read."""
        self._stream = stream
        self._back = b""
        # a file's blocks, and those of its header and long name
        self._end = limits.most_bytes + 8 * BLOCK * (limits.most_files + 1) + LONGEST_HEADER

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > LONGEST_HEADER:
            raise DataError("has a header that is too long")
        content = self._back + self._stream.read(size - len(self._back))
        self._back = b""
        if self._stream.tell() > self._end:
            raise DataError("is larger than its limits allow")
        self.last = content
        return content

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET or offset > self._end:
            raise DataError("is larger than its limits allow")
        if offset == self.tell() - 1 and self.last:
            # tarfile steps back a byte between two files; a compressed stream would start over
            self._back = self.last[-1:]
        elif offset != self.tell():
            self._back = self.last = b""
            self._stream.seek(offset)
        return offset

    def tell(self) -> int:
        return self._stream.tell() - len(self._back)

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def _tar_entries(stream: IO[bytes], limits: Limits) -> Iterator[_Entry]:
    tally = _Tally(limits)
    bounded = _Bounded(stream, limits)
    with tarfile.open(fileobj=bounded, mode="r:", errorlevel=1) as archive:
        while (info := archive.next()) is not None:
            tally.entry(info.name)
            if not (info.isreg() or info.isdir()):
                what = "a link" if info.issym() or info.islnk() else "not a regular file"
                raise DataError(f"holds {_shown(info.name)}, which is {what}")
            archive.members.clear()  # type: ignore[attr-defined]  # missing from typeshed; members are not used again
            if info.isdir():
                continue
            tally.file(info.name, info.size)
            content = archive.extractfile(info)
            if content is None:
                raise DataError(f"holds {_shown(info.name)}, which cannot be read")
            with content:
                yield _Entry(info.name, content)
        if bounded.last != bytes(BLOCK):
            raise DataError("is truncated: a tar archive ends with a block of zeros")
        while bounded.read(LONGEST_HEADER):  # a compressed archive has its checksum at the end
            pass
