"""Download a file: addresses in turn, interrupted downloads resumed, and nothing accepted before it is verified.

pooch cannot resume a download, try several addresses for one file, pin a file that has no published checksum, or limit
a file's size.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

import requests
from filelock import FileLock

from training.core.progress import Received, download_bar
from training.data.base import DataError
from training.data.fetch import archive, drive, transfer
from training.data.fetch.items import DRIVE, Item
from training.data.fetch.pins import Pin, Pins

_PAGE = (b"<!doctype html", b"<html")
"""How a web page begins."""


def fetch(name: str, mirrors: tuple[str, ...], sha256: str, folder: Path) -> Path:
    """Return the verified file `folder/name`, downloaded from the first mirror that has it; see `obtain`.

    Args:
        name: The file's name, at every mirror and in the folder.
        mirrors: Addresses of folders, each ending in a slash.
        sha256: SHA-256 of the file; for `.gz`, of the decompressed bytes.
        folder: Where to save it; created if necessary.

    Raises:
        DataError: If no mirror has the right bytes; says what happened at each, and what to do.
    """
    return obtain(Item(name, tuple(mirror + name for mirror in mirrors), sha256), folder)


def obtain(item: Item, folder: Path, pins: Pins | None = None) -> Path:
    """Return the verified file `folder/<item's name>`, downloaded from the first address that has it.

    A verified file is not downloaded again. Until it is verified a download is called `<name>.part`, and an interrupted
    one is resumed. Processes that want the same file wait for the first of them. A file without a published checksum is
    pinned as `<folder's name>/<name>`.

    Args:
        item: The file.
        folder: Where to save it; created if necessary.
        pins: The lock file; by default the user's.

    Raises:
        DataError: If no address has the right bytes; says what happened at each, and what to do.
    """
    path = folder / item.name
    pins = pins or Pins()
    key = f"{folder.name}/{item.name}"
    pin = None if item.sha256 else pins.find(key)
    expected = item.sha256 or (pin.sha256 if pin else None)
    if expected and path.is_file() and sha256_inside_or_none(path) == expected:
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot be created: {error.strerror or error}") from error
    with FileLock(folder / f".{item.name}.lock"):
        return _obtain_alone(item, path, pins, key)


def _obtain_alone(item: Item, path: Path, pins: Pins, key: str) -> Path:
    """As `obtain`, in the one process that holds the lock."""
    pin = None if item.sha256 else pins.find(key)
    expected = item.sha256 or (pin.sha256 if pin else None)
    if path.is_file() and _pinned_or_right(item, path, pins, key, expected):
        return path
    part = path.with_name(f"{item.name}.part")
    limits = transfer.Limits(item.most_bytes, join=expected is not None)
    trouble: list[str] = []
    with download_bar(item.name) as advance:
        for address in item.addresses:
            try:
                found = _get_right(address, item, part, limits, expected, pin, advance)
            except transfer.LocalError:
                raise  # no other address would help; the part file is kept
            except (DataError, requests.RequestException) as error:
                trouble.append(f"{shown(address)}: {_reason(error)}")
                continue
            if not expected:
                pins.add(key, found, transfer.size(part), address)
            part.replace(path)
            transfer.forget(part)
            return path
    hint = "" if pin is None else ", or accept the change with `backdoors data fetch --accept-change`"
    raise DataError(
        f"could not download {item.name}: {'; '.join(trouble)}. Try again (an interrupted download is resumed), "
        f"or name a folder that holds it with --data DIR or BACKDOORS_DATA{hint}"
    )


def _pinned_or_right(item: Item, path: Path, pins: Pins, key: str, expected: str | None) -> bool:
    """Whether the existing file is right; one that was never pinned is pinned if it is complete."""
    if expected:
        return sha256_inside_or_none(path) == expected
    try:
        found = _verify(item, path, None, None)
    except DataError:
        return False
    pins.add(key, found, path.stat().st_size, "found in the cache")
    return True


def _get_right(  # noqa: PLR0913, PLR0917 - a step of `obtain`
    address: str,
    item: Item,
    part: Path,
    limits: transfer.Limits,
    expected: str | None,
    pin: Pin | None,
    advance: Received,
) -> str:
    """Download from one address and verify; returns the SHA-256.

    A wrong file is deleted. If its download had been resumed it is downloaded once more from the start: the older part
    may have come from another file or address.
    """
    for _ in range(2):
        continued = bool(transfer.leftovers(part))
        try:
            continued = _transfer(address, part, limits, advance) or continued
            return _verify(item, part, expected, pin)
        except transfer.LocalError:
            raise
        except DataError as error:
            transfer.forget(part)
            trouble = error
            if not continued:
                break
    raise trouble


def _transfer(address: str, part: Path, limits: transfer.Limits, advance: Received) -> bool:
    if not address.startswith(DRIVE):
        return transfer.complete(address, part, limits, advance)
    return drive.complete(address.removeprefix(DRIVE), part, limits, advance)


def _verify(item: Item, part: Path, expected: str | None, pin: Pin | None) -> str:
    """SHA-256 of a downloaded file.

    Raises:
        DataError: If it is not the expected file.
    """
    with part.open("rb") as stream:
        start = stream.read(1024)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE) and not item.name.endswith(".html"):
        raise DataError("got a web page instead of the file")
    if not start:
        raise DataError("got an empty file")
    found = sha256_inside(part, item.name)
    if expected and found != expected:
        whose = "was expected" if pin is None else f"was pinned on {pin.first_seen}"
        raise DataError(f"wrong bytes, SHA-256 {found[:12]}… where {expected[:12]}… {whose}")
    if not expected and item.archive:
        try:
            archive.check(part)
        except DataError as error:
            raise DataError(str(error).removeprefix(f"{part}: ")) from error
    return found


def sha256_inside(path: Path, name: str | None = None) -> str:
    """SHA-256 of a file, of its decompressed bytes if its name (or its future `name`) ends in .gz.

    Raises:
        DataError: If the file cannot be read or is incomplete.
    """
    digest = hashlib.sha256()
    try:
        with gzip.open(path) if (name or path.name).endswith(".gz") else path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: not a complete gzip file ({error})") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()


def sha256_inside_or_none(path: Path) -> str | None:
    """As `sha256_inside`, but None for a damaged file."""
    try:
        return sha256_inside(path)
    except DataError:
        return None


def shown(address: str) -> str:
    """An address, for people to read."""
    return f"Google Drive file {address.removeprefix(DRIVE)}" if address.startswith(DRIVE) else address


def _reason(error: Exception) -> str:
    """A few words on what went wrong."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        said = "".join(letter for letter in error.response.reason or "" if letter.isprintable())
        return f"the server answered {error.response.status_code} {said[:60]}".strip()
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "timed out"
    if isinstance(error, requests.TooManyRedirects):
        return "too many redirects"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was lost"
    if isinstance(error, requests.ConnectionError):
        text = str(error)
        return text if text.startswith("the connection was lost") else "no connection, or it was lost"
    return " ".join(str(error).split())
