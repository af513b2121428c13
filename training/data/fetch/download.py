"""Fetch a file: addresses in turn, a cut download continued, what arrived believed only once it is verified."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

import requests
from filelock import FileLock

from training.core.progress import Received, download_bar
from training.data.base import DataError
from training.data.fetch import archive, transfer
from training.data.fetch.items import DRIVE, Item
from training.data.fetch.pins import Pin, Pins

_PAGE = (b"<!doctype html", b"<html")
"""What a web page begins with."""


def fetch(name: str, mirrors: tuple[str, ...], sha256: str, folder: Path) -> Path:
    """The verified file `folder/name`, downloaded from the first mirror that gives it whole; see `obtain`.

    Args:
        name: File name, at every mirror and in the folder.
        mirrors: Addresses of folders, each ending in a slash.
        sha256: Of the file, of the decompressed bytes for `.gz`.
        folder: Where it goes; created if need be.

    Raises:
        DataError: If no mirror gave the right bytes; says what happened at each, and what to do.
    """
    return obtain(Item(name, tuple(mirror + name for mirror in mirrors), sha256), folder)


def obtain(item: Item, folder: Path, pins: Pins | None = None) -> Path:
    """The verified file `folder/<item's name>`, downloaded from the first address that gives it whole.

    A file that is there and verified is not downloaded again. Until it is verified a download is called
    `<name>.part`, and one that was cut is continued where it stopped. Processes that want the same file wait for the
    first of them. A file without published checksum is pinned, as `<folder's name>/<name>`.

    Args:
        item: What to get.
        folder: Where it goes; created if need be.
        pins: The lock file; default is the user's.

    Raises:
        DataError: If no address gave the right bytes; says what happened at each, and what to do.
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
        raise DataError(f"{folder}: cannot be made: {error.strerror or error}") from error
    with FileLock(folder / f".{item.name}.lock"):
        return _obtain_alone(item, path, pins, key)


def _obtain_alone(item: Item, path: Path, pins: Pins, key: str) -> Path:
    """As `obtain`, by the one process that may."""
    pin = None if item.sha256 else pins.find(key)
    expected = item.sha256 or (pin.sha256 if pin else None)
    if path.is_file() and _pinned_or_right(item, path, pins, key, expected):
        return path
    part = path.with_name(f"{item.name}.part")
    limits = transfer.Limits(item.most_bytes, glue=expected is not None)
    trouble: list[str] = []
    with download_bar(item.name) as advance:
        for address in item.addresses:
            try:
                found = _get_right(address, item, part, limits, expected, pin, advance)
            except transfer.LocalError:
                raise  # no other address would help; what arrived is kept
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
        f"could not download {item.name}: {'; '.join(trouble)}. Try again (a cut download is continued), or give a "
        f"folder that holds it with --data DIR or BACKDOORS_DATA{hint}"
    )


def _pinned_or_right(item: Item, path: Path, pins: Pins, key: str, expected: str | None) -> bool:
    """Whether the file that is there is right; one that was never pinned is, once it is whole."""
    if expected:
        return sha256_inside_or_none(path) == expected
    try:
        found = _verify(item, path, None, None)
    except DataError:
        return False
    pins.add(key, found, path.stat().st_size, "found in the cache")
    return True


def _get_right(  # noqa: PLR0913, PLR0917 - a step of `obtain`, cut out to be read
    address: str,
    item: Item,
    part: Path,
    limits: transfer.Limits,
    expected: str | None,
    pin: Pin | None,
    advance: Received,
) -> str:
    """Download from one address and verify; returns the SHA-256.

    What is wrong is thrown away. If it had been continued it is got once more, whole: the older part may have been of
    another file, or of another address.
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
    from training.data.fetch import drive  # noqa: PLC0415 - imports gdown, which few need

    return drive.complete(address.removeprefix(DRIVE), part, limits, advance)


def _verify(item: Item, part: Path, expected: str | None, pin: Pin | None) -> str:
    """SHA-256 of what arrived, if it is what was asked for.

    Raises:
        DataError: If it is not.
    """
    with part.open("rb") as stream:
        start = stream.read(1024)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE) and not item.name.endswith(".html"):
        raise DataError("a web page came in place of the file")
    if not start:
        raise DataError("an empty file came")
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


def sha256_inside_or_none(path: Path) -> str | None:
    """As `sha256_inside`, but None for a damaged file."""
    try:
        return sha256_inside(path)
    except DataError:
        return None


def shown(address: str) -> str:
    """An address as people know it."""
    return f"Google Drive file {address.removeprefix(DRIVE)}" if address.startswith(DRIVE) else address


def _reason(error: Exception) -> str:
    """A few words for what went wrong."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        said = "".join(letter for letter in error.response.reason or "" if letter.isprintable())
        return f"the server answered {error.response.status_code} {said[:60]}".strip()
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "no answer in time"
    if isinstance(error, requests.TooManyRedirects):
        return "sent on from address to address without end"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut"
    if isinstance(error, requests.ConnectionError):
        text = str(error)
        return text if text.startswith("the connection was cut") else "no connection, or it was cut"
    return " ".join(str(error).split())
