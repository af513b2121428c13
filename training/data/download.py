"""Fetch a file: mirrors in turn, a cut download continued, what arrived verified before it gets its name."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import requests
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from training.data.sources import DataError

TIMEOUT = (10.0, 30.0)
"""Seconds to wait for a connection, and for the next bytes."""
ATTEMPTS = 3
"""How often one mirror is asked to continue a download that was cut."""
CHUNK = 1 << 14
"""Bytes written at once; so many are lost at most when a connection is cut."""

Advance = Callable[[int, int | None], None]
"""Called with the bytes there are and, where the server says so, the bytes there will be."""


def sha256_inside(path: Path, name: str | None = None) -> str:
    """SHA-256 of a file, of its decompressed bytes if its name (or the `name` that it will have) ends in .gz.

    Raises:
        DataError: If the file cannot be read or is not whole.
    """
    digest = hashlib.sha256()
    try:
        with gzip.open(path) if (name or path.name).endswith(".gz") else path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: not a whole gzip file ({error})") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()


def fetch(name: str, mirrors: tuple[str, ...], sha256: str, folder: Path) -> Path:
    """The verified file `folder/name`, downloaded from the first mirror that gives it whole.

    A file that is there and verified is not downloaded again. Until it is verified a download is called
    `<name>.part`, and one that was cut is continued where it stopped.

    Args:
        name: File name, at every mirror and in the folder.
        mirrors: Addresses of folders, each ending in a slash.
        sha256: Of the file, of the decompressed bytes for `.gz`.
        folder: Where it goes; created if need be.

    Raises:
        DataError: If no mirror gave the right bytes; says what happened at each, and what to do.
    """
    path = folder / name
    if path.is_file() and sha256_inside_or_none(path) == sha256:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.part"
    trouble: list[str] = []
    with _progress(name) as advance:
        for mirror in mirrors:
            try:
                _complete(mirror + name, part, advance)
                found = sha256_inside(part, name)
            except (DataError, requests.RequestException) as error:
                trouble.append(f"{mirror}{name}: {_reason(error)}")
                if isinstance(error, DataError):
                    part.unlink(missing_ok=True)
                continue
            if found == sha256:
                part.replace(path)
                return path
            # another mirror's bytes must not be glued to these
            part.unlink(missing_ok=True)
            trouble.append(f"{mirror}{name}: wrong bytes, SHA-256 {found[:12]}… where {sha256[:12]}… was expected")
    raise DataError(
        f"could not download {name}: {'; '.join(trouble)}. Try again (a cut download is continued), or give a folder "
        "that holds it with --data DIR or BACKDOORS_DATA"
    )


def sha256_inside_or_none(path: Path) -> str | None:
    """As `sha256_inside`, but None for a damaged file."""
    try:
        return sha256_inside(path)
    except DataError:
        return None


def _complete(address: str, part: Path, advance: Advance) -> None:
    """Download until `part` is as long as the server says, continuing a few times when the connection is cut."""
    for attempt in range(ATTEMPTS):
        before = part.stat().st_size if part.exists() else 0
        try:
            _continue(address, part, advance)
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            gained = part.exists() and part.stat().st_size > before
            if attempt == ATTEMPTS - 1 or not gained:
                raise
        else:
            return


def _continue(address: str, part: Path, advance: Advance) -> None:
    """One request, for what is missing of `part` or, if the server cannot do that, for all of it."""
    have = part.stat().st_size if part.exists() else 0
    # without identity a server may compress, and then a byte range means nothing
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(address, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            return  # nothing is missing; the checksum will tell
        response.raise_for_status()
        continued = response.status_code == requests.codes.partial_content
        have = have if continued else 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length and length.isdigit() else None
        with part.open("ab" if continued else "wb") as stream:
            for block in response.iter_content(CHUNK):
                stream.write(block)
                have += len(block)
                advance(have, total)
    if total is not None and have < total:
        raise requests.ConnectionError(f"the connection was cut at {have} of {total} bytes")


def _reason(error: Exception) -> str:
    """A few words for what went wrong."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut"
    if isinstance(error, requests.ConnectionError):
        text = str(error)
        return text if text.startswith("the connection was cut") else "no connection, or it was cut"
    return str(error)


@contextlib.contextmanager
def _progress(name: str) -> Iterator[Advance]:
    """A progress bar on stderr that appears with the first bytes."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=bool(os.environ.get("BACKDOORS_QUIET")),
    )
    with bar:
        task = bar.add_task(name, total=None)
        yield lambda have, total: bar.update(task, completed=have, total=total)
