"""Download a file over http(s) into a part file: resumed where it was interrupted, never joined from two files."""

from __future__ import annotations

import glob
import json
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import requests

from training.core.files import write_text
from training.core.progress import Received
from training.data.base import DataError

TIMEOUT = (10.0, 30.0)
"""Seconds to wait for a connection, and for the next bytes."""
ATTEMPTS = 3
"""How many times in a row a mirror may fail to send a single byte."""
MOST_ATTEMPTS = 50
"""How many requests one download may take."""
PAUSE = 1.0
"""Seconds to wait before asking a mirror again that sent nothing; twice as long the second time."""
CHUNK = 1 << 14
"""Bytes written at a time; at most this many are lost with a connection."""
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


@dataclass(frozen=True)
class Limits:
    """What a download may do."""

    most_bytes: int
    """A larger file is refused."""
    join: bool
    """Whether to resume even if the server cannot prove that it still has the same file: true if the checksum of the
    file is known and decides."""


class LocalError(DataError):
    """The fault is this machine's, not an address's: the disk is full or not writable."""


class ChangedError(requests.RequestException):
    """The download cannot be resumed: the server has another file now."""

    def __init__(self) -> None:
        super().__init__("the file on the server changes from one request to the next")


class Note(NamedTuple):
    """What is stored beside a part file, to tell whether the server still has the same file."""

    address: str
    validator: str | None
    """A strong ETag, or else the date of the last change."""
    total: int | None
    """Bytes of the complete file."""


def complete(address: str, part: Path, limits: Limits, advance: Received) -> bool:
    """Download until `part` is as long as the server says, resuming whenever the connection is lost.

    Beside the part file a note (`<part>.json`) keeps the server's validator, so that a later call knows whether it
    continues the same file.

    Returns:
        Whether it was resumed. Then its parts may come from two files, if the server sent nothing to tell them apart.

    Raises:
        DataError: If the file is larger than allowed or a secure address redirects to an insecure one.
        LocalError: If the disk is full.
        requests.RequestException: If it cannot be downloaded; what was received is kept.
    """
    fruitless = changes = 0
    continued = False
    for _ in range(MOST_ATTEMPTS):
        before = size(part)
        try:
            return _continue(address, part, limits, advance) or continued
        except ChangedError:
            forget(part)
            changes += 1
            if changes == ATTEMPTS:
                raise
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            continued = True
            fruitless = 0 if size(part) > before else fruitless + 1
            if fruitless and (before == 0 or fruitless == ATTEMPTS):
                if size(part) == 0:
                    forget(part)
                raise
            time.sleep(PAUSE * fruitless)
    raise requests.ConnectionError(f"the connection was lost {MOST_ATTEMPTS} times")


def size(part: Path) -> int:
    """Bytes received so far."""
    return part.stat().st_size if part.exists() else 0


def forget(part: Path) -> None:
    """Delete the part file and its note."""
    for path in leftovers(part):
        path.unlink(missing_ok=True)


def leftovers(part: Path) -> list[Path]:
    """The part file and the files beside it that belong to it."""
    return sorted(part.parent.glob(f"{glob.escape(part.name)}*"))


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _continue(address: str, part: Path, limits: Limits, advance: Received) -> bool:
    """Make one request for the missing rest of `part`, or for all of it if the server cannot send a part.

    Returns:
        Whether `part` was resumed.
    """
    have, note = size(part), _read_note(part, address)
    if have and note.validator is None and not limits.join:
        forget(part)
        have = 0
    # without identity a server may compress, and then a byte range means nothing
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-"} | ({"If-Range": note.validator} if note.validator else {})
    with requests.get(address, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if any(step.url.startswith("https:") for step in response.history) and not response.url.startswith("https:"):
            raise DataError("a secure address redirects to an insecure one")
        if response.status_code == requests.codes.requested_range_not_satisfiable and have:
            _nothing_missing(response, have)
            return True
        response.raise_for_status()
        continued = bool(response.status_code == requests.codes.partial_content)
        have, total = _place(response, have, note) if continued else (0, _length(response))
        if total is not None:
            _check_room(part, have, total, limits)
        _write_note(part, Note(address, _validator(response), total))
        _receive(response, part, have, total, limits, advance)
    return continued


def _receive(  # noqa: PLR0913, PLR0917 - a response and its file
    response: requests.Response, part: Path, have: int, total: int | None, limits: Limits, advance: Received
) -> None:
    """Write a response's bytes after the first `have` bytes of the part file."""
    # urllib3 would drop the last bytes of a truncated response; what is missing is noticed below
    response.raw.enforce_content_length = False
    try:
        with part.open("ab" if have else "wb") as stream:
            for block in response.iter_content(CHUNK):
                if have + len(block) > limits.most_bytes:
                    raise DataError(f"larger than the {limits.most_bytes:,} bytes allowed")
                stream.write(block)
                have += len(block)
                advance(have, total)
    except requests.RequestException:  # an OSError, too
        raise
    except OSError as error:
        raise LocalError(f"{part}: cannot be written: {error.strerror or error}") from error
    if total is not None and have < total:
        raise requests.ConnectionError(f"the connection was lost at {have} of {total} bytes")


def _place(response: requests.Response, have: int, note: Note) -> tuple[int, int | None]:
    """Where a partial response's first byte belongs, and the complete length, if the server says so.

    Raises:
        ChangedError: If it does not continue the part file.
    """
    found = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    length = _length(response)
    total = int(found[3]) if found and found[3] != "*" else have + length if length is not None else None
    if (
        response.headers.get("Content-Encoding", "identity") != "identity"
        or (found is not None and int(found[1]) != have)
        or (note.total is not None and total is not None and note.total != total)
        or (note.validator is not None and _validator(response) not in {None, note.validator})
    ):
        raise ChangedError
    return have, total


def _length(response: requests.Response) -> int | None:
    """Bytes of the response, unless they are compressed in transit."""
    length = response.headers.get("Content-Length", "")
    return (
        int(length) if length.isdigit() and response.headers.get("Content-Encoding", "identity") == "identity" else None
    )


def _nothing_missing(response: requests.Response, have: int) -> None:
    """A server with no further bytes means that the part is complete, unless it says otherwise."""
    _, _, whole = response.headers.get("Content-Range", "").partition("/")
    if whole.isdigit() and int(whole) != have:
        raise ChangedError


def _check_room(part: Path, have: int, total: int, limits: Limits) -> None:
    """Refuse a file at once that is too large for its limit or the disk."""
    if total > limits.most_bytes:
        raise DataError(f"has {total:,} bytes, more than the {limits.most_bytes:,} allowed")
    free = shutil.disk_usage(part.parent).free
    if total - have > free:
        raise LocalError(f"needs {total - have:,} bytes in {part.parent}, where {free:,} are free")


def _validator(response: requests.Response) -> str | None:
    """What identifies this version of the file: a strong ETag, or else the date."""
    etag = response.headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified")


def _write_note(part: Path, note: Note) -> None:
    write_text(_note(part), json.dumps(note._asdict()))


def _read_note(part: Path, address: str) -> Note:
    """The note of a part from that address; an empty one if there is none or it is for another address."""
    try:
        kept = Note(**json.loads(_note(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Note(address, None, None)
    return kept if kept.address == address else Note(address, None, None)
