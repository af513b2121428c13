"""Checksums of files whose publisher gives none, pinned at the first download: later changes are refused."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.core.files import write_text
from training.data.base import DataError, cache_dir

VERSION = 1


class Pin(BaseModel):
    """The file as it was first downloaded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)
    address: str
    """Where it was downloaded from."""
    first_seen: str
    """The day, in UTC, as YYYY-MM-DD."""


class _LockFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(default=VERSION, ge=VERSION, le=VERSION)
    files: dict[str, Pin] = {}
    """`<source>/<file name>` to its pin."""


def default_path() -> Path:
    """The lock file: BACKDOORS_LOCK, or `data.lock.json` in the cache."""
    return Path(os.environ.get("BACKDOORS_LOCK") or cache_dir() / "data.lock.json")


class Pins:
    """A lock file; processes may share it."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()

    def find(self, key: str) -> Pin | None:
        """The pin of a file, by `<source>/<name>`.

        Raises:
            DataError: If the lock file is damaged: nothing is pinned again silently.
        """
        return self._read().files.get(key)

    def add(self, key: str, sha256: str, size: int, address: str) -> None:
        """Pin a file.

        Raises:
            DataError: If it is already pinned to another checksum, or the lock file is damaged or cannot be written.
        """
        with self._held():
            known = self._read().files
            if key in known and known[key].sha256 != sha256:
                raise DataError(
                    f"{key} is pinned in {self.path} to SHA-256 {known[key].sha256[:12]}…, not {sha256[:12]}…"
                )
            today = datetime.now(UTC).date().isoformat()
            self._write({key: Pin(sha256=sha256, bytes=size, address=address, first_seen=today), **known})

    def drop(self, key: str) -> bool:
        """Remove a pin, so that the next download is pinned; returns whether there was one.

        Raises:
            DataError: If the lock file is damaged or cannot be written.
        """
        with self._held():
            known = dict(self._read().files)
            found = known.pop(key, None) is not None
            if found:
                self._write(known)
            return found

    def _held(self) -> FileLock:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{self.path.parent}: cannot be created: {error.strerror or error}") from error
        return FileLock(self.path.with_name(f".{self.path.name}.lock"))

    def _read(self) -> _LockFile:
        try:
            return _LockFile.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return _LockFile()
        except (OSError, ValidationError) as error:
            reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error.strerror
            raise DataError(
                f"{self.path}: not a readable lock file ({reason}); restore it, or delete it to pin the next downloads"
            ) from error

    def _write(self, files: dict[str, Pin]) -> None:
        text = _LockFile(files=dict(sorted(files.items()))).model_dump_json(indent=2)
        try:
            write_text(self.path, text + "\n")
        except OSError as error:
            raise DataError(f"{self.path}: cannot be written: {error.strerror or error}") from error
