"""Download a file from Google Drive with gdown, which handles its confirmation pages."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import gdown
import requests
from gdown.exceptions import DownloadError, FileURLRetrievalError

from training.core.progress import Received
from training.data.base import DataError
from training.data.fetch import transfer

RETRIES = 3
"""How many times an interrupted transfer is resumed."""


class DriveError(requests.RequestException):
    """Drive does not hand out the file, or the connection was lost; another attempt may succeed."""


def complete(drive_id: str, part: Path, limits: transfer.Limits, advance: Received) -> bool:
    """Download a public file on Google Drive into `part`.

    gdown keeps an interrupted download under a name of its own and resumes it. No cookies are stored or sent.

    Returns:
        Whether an interrupted download was resumed.

    Raises:
        DataError: If the file is larger than allowed.
        LocalError: If it cannot be written.
        DriveError: If Drive shows a page instead: the file is private or deleted, or was downloaded too often today.
        requests.RequestException: If there is no connection.
    """

    def check(have: int, total: int | None) -> None:
        if have > limits.most_bytes or (total or 0) > limits.most_bytes:
            raise DataError(f"larger than the {limits.most_bytes:,} bytes allowed")
        advance(have, total)

    had = bool(transfer.leftovers(part))
    target = part.with_name(f"{part.name}.drive")
    with warnings.catch_warnings(), _explained(part):
        warnings.simplefilter("ignore")
        gdown.download(
            id=drive_id,
            output=str(target),
            quiet=True,
            use_cookies=False,
            resume=True,
            retries=RETRIES,
            timeout=transfer.TIMEOUT,
            progress=check,
        )
        target.replace(part)
    return had


@contextlib.contextmanager
def _explained(part: Path) -> Iterator[None]:
    """Turn what gdown raises into errors that say what happened."""
    try:
        yield
    except (DataError, requests.RequestException):  # RequestException is an OSError too
        raise
    except FileURLRetrievalError as error:
        raise DriveError(f"Google Drive sent a page instead of the file: {_said(error)}") from error
    except DownloadError as error:
        if isinstance(error.__cause__, requests.ConnectionError | requests.Timeout):
            raise error.__cause__ from error
        if "range" in str(error) or "multiple" in str(error):
            transfer.forget(part)
        raise DriveError(" ".join(str(error).partition("The received bytes")[0].split())) from error
    except (LookupError, ValueError, AttributeError, AssertionError) as error:
        raise DriveError(f"gdown does not understand Google Drive's answer ({error})") from error
    except OSError as error:
        raise transfer.LocalError(f"{part}: cannot be written: {error.strerror or error}") from error


def _said(error: FileURLRetrievalError) -> str:
    """What Drive's page said, from gdown's message of several paragraphs."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = " ".join(line for line in lines[1:] if line).partition("You may still be able")[0].strip()
    return said or "the file may be private, or was downloaded too often today"
