"""What can go wrong with a download, and what must come of it; run as a script it prints the table.

Every case runs against a server of ours on the loopback interface. Google's hosts are led there, so that it is gdown
itself that reads the pages.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock
from urllib.parse import urlsplit

import numpy as np
import requests
from requests.adapters import HTTPAdapter

from tests.training.data.fetch.loopback import Answer, Server, running
from training.data.base import DataError
from training.data.fetch import drive, transfer
from training.data.fetch.download import obtain
from training.data.fetch.items import Item
from training.data.fetch.pins import Pins

CONTENT, OTHER = (np.random.default_rng(seed).bytes(200_000) for seed in (0, 1))
PAGE = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body>Please log in</body></html>"
QUOTA = (
    b"<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>\n"
    b'<p class="uc-error-caption">'
    b"Sorry, you cannot view or download this file at this time.</p>\n"
    b'<p class="uc-error-subcaption">Too many users have viewed or downloaded this file recently.</p>\n</body></html>'
)
CONFIRM = (
    b'<!DOCTYPE html><html><body><form id="download-form" action="https://drive.usercontent.google.com/download" '
    b'method="get"><input type="hidden" name="id" value="SOMEID"><input type="hidden" name="confirm" value="t">'
    b'<input type="submit" value="Download anyway"></form></body></html>'
)
GIVEN = {"Content-Disposition": 'attachment; filename="images.zip"', "Content-Type": "application/zip"}
"""The header by which gdown knows that the file itself came."""
HTML = {"Content-Type": "text/html; charset=utf-8"}
DRIVE_PAGE, DRIVE_FILE = "/uc?id=SOMEID", "/download?id=SOMEID&confirm=t"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def packed(content: bytes = CONTENT) -> bytes:
    """A zip archive with one file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(zipfile.ZipInfo("train/dog.jpg"), content)
    return made.getvalue()


ZIP, OTHER_ZIP = packed(), packed(OTHER)


@dataclass(frozen=True)
class Case:
    """A fault, and what must come of it."""

    fault: str
    answers: dict[str, list[Answer]]
    gets: bytes | str
    """The bytes that must be there in the end, or a pattern that the one line of error matches."""
    sha256: str | None = sha256(CONTENT)
    """The published checksum; None for none."""
    requests: int | None = None
    """How many are made."""
    kept: bool = False
    """Whether what arrived is kept, under its other name, to be continued."""
    name: str = "data.bin"
    addresses: tuple[str, ...] = ("/data.bin",)
    archive: bool = False
    most_bytes: int = 1_000_000
    times: int = 1
    """How often it is fetched, the file being taken away in between."""
    free: int | None = None
    """Bytes free on the disk, if not as many as there are."""
    patience: float = 10.0
    """Seconds that are waited for an answer."""
    pinned: bytes | None = None
    """The content that must be pinned in the end."""


def one(*answers: Answer, path: str = "/data.bin") -> dict[str, list[Answer]]:
    return {path: list(answers)}


def a(content: bytes = CONTENT, **more: object) -> Answer:
    return Answer(content, **more)  # type: ignore[arg-type]


FIRST, SECOND = {"ETag": '"first"'}, {"ETag": '"second"'}
MIRRORS = ("/data.bin", "/mirror/data.bin")
ARCHIVE: dict[str, Any] = {"name": "data.zip", "archive": True, "sha256": None}
DRIVEN: dict[str, Any] = {"name": "data.zip", "archive": True, "sha256": None, "addresses": ("drive:SOMEID",)}

CASES = [
    Case("nothing", one(a()), CONTENT, requests=1),
    Case("cuts the connection, twice", one(a(cut_after=70_000), a(cut_after=70_000), a()), CONTENT, requests=3),
    Case("cuts it each time before a byte", one(a(cut_after=0)), "connection was lost"),
    Case("cuts it, then sends nothing", one(a(cut_after=70_000), a(cut_after=0)), "connection was lost", kept=True),
    Case("cuts it, knows no ranges", one(a(cut_after=70_000, ranges=False), a(ranges=False)), CONTENT, requests=2),
    Case("cuts it, goes on at the wrong byte", one(a(cut_after=70_000), a(shift=9), a()), CONTENT, requests=3),
    Case("cuts an answer of unknown length", one(a(chunked=True, cut_after=70_000), a()), CONTENT, requests=2),
    Case("says it is longer than it is", one(a(length=250_000)), CONTENT, requests=2),
    Case("says it is shorter than it is", one(a(length=150_000)), "wrong bytes"),
    Case("is silent", one(a(stall=1)), "timed out", patience=0.3),
    Case("redirects", one(a(b"", status=302, headers={"Location": "/x"})) | one(a(), path="/x"), CONTENT, requests=2),
    Case("redirects in a circle", one(a(b"", status=302, headers={"Location": "/data.bin"})), "too many redirects"),
    Case("answers 404, a mirror has it", one(a(), path="/mirror/data.bin"), CONTENT, addresses=MIRRORS, requests=2),
    Case("answers 500, no mirror", one(a(b"", status=500)), "the server answered 500"),
    Case("sends a web page", one(a(PAGE, headers={"Content-Type": "text/html"})), "got a web page"),
    Case("sends a web page, a mirror has it", one(a(PAGE)) | one(a(), path=MIRRORS[1]), CONTENT, addresses=MIRRORS),
    Case("sends other bytes", one(a(OTHER)), "wrong bytes"),
    Case("packs it though asked not to", one(a(gzip.compress(CONTENT), headers={"Content-Encoding": "gzip"})), CONTENT),
    Case(
        "cuts it, has another file then",
        one(a(OTHER, cut_after=70_000, headers=FIRST), a(headers=SECOND)),
        CONTENT,
        requests=2,
    ),
    Case("the same, and gives no ETag", one(a(OTHER, cut_after=70_000), a()), CONTENT, requests=3),
    Case("says it is too large", one(a()), "more than the 100,000", most_bytes=100_000, requests=1),
    Case("is too large and does not say so", one(a(chunked=True)), "larger than the 100,000", most_bytes=100_000),
    Case("nothing, but the disk is full", one(a()), "where 5 are free", free=5),
    Case("no checksum is published", one(a()), CONTENT, sha256=None, pinned=CONTENT),
    Case("no checksum; an empty file", one(a(b"")), "got an empty file", sha256=None),
    Case("no checksum; a web page", one(a(PAGE)), "got a web page", sha256=None),
    Case("no checksum; cuts it, no ETag", one(a(OTHER, cut_after=9_000), a()), CONTENT, sha256=None, pinned=CONTENT),
    Case("no checksum; another file later", one(a(), a(OTHER)), "was pinned on", sha256=None, times=2, pinned=CONTENT),
    Case("no checksum; the same file later", one(a()), CONTENT, sha256=None, times=2, pinned=CONTENT),
    Case(
        "no checksum; an archive, said to be shorter",
        one(a(ZIP, length=150_000), path="/data.zip"),
        "a damaged archive",
        addresses=("/data.zip",),
        **ARCHIVE,
    ),
    Case("Drive: gives the file", {DRIVE_PAGE: [a(ZIP, headers=GIVEN)]}, ZIP, pinned=ZIP, **DRIVEN),
    Case(
        "Drive: asks to confirm first",
        {DRIVE_PAGE: [a(CONFIRM, headers=HTML)], DRIVE_FILE: [a(ZIP, headers=GIVEN)]},
        ZIP,
        pinned=ZIP,
        requests=2,
        **DRIVEN,
    ),
    Case("Drive: says nothing of what it sends", {DRIVE_PAGE: [a(ZIP)]}, "does not understand", **DRIVEN),
    Case("Drive: too many had it today", {DRIVE_PAGE: [a(QUOTA, headers=HTML)]}, "Too many users", **DRIVEN),
    Case(
        "Drive: the file is private", {DRIVE_PAGE: [a(PAGE, headers=HTML)]}, "sent a page instead of the file", **DRIVEN
    ),
    Case(
        "Drive: a page under the file's name",
        {DRIVE_PAGE: [a(PAGE, headers=GIVEN)]},
        "got a web page",
        **DRIVEN,
    ),
    Case(
        "Drive: cuts the connection",
        {DRIVE_PAGE: [a(ZIP, headers=GIVEN, cut_after=70_000), a(ZIP, headers=GIVEN)]},
        ZIP,
        pinned=ZIP,
        requests=2,
        **DRIVEN,
    ),
    Case(
        "Drive: cuts it for ever",
        {DRIVE_PAGE: [a(ZIP, headers=GIVEN, cut_after=70_000), a(ZIP, headers=GIVEN, cut_after=0)]},
        "incomplete|was cut",
        kept=True,
        **DRIVEN,
    ),
    Case(
        "Drive: another file later",
        {DRIVE_PAGE: [a(ZIP, headers=GIVEN), a(OTHER_ZIP, headers=GIVEN)]},
        "was pinned on",
        times=2,
        pinned=ZIP,
        **DRIVEN,
    ),
    Case("Drive: a file too large", {DRIVE_PAGE: [a(ZIP, headers=GIVEN)]}, "larger than", most_bytes=1000, **DRIVEN),
]


class Outcome(NamedTuple):
    """What came of a case."""

    error: str | None
    content: bytes | None
    requests: int
    left: list[str]
    pin: str | None


def run(case: Case, folder: Path) -> Outcome:
    """Fetch as a case says; errors other than `DataError` pass."""
    with running() as server, _led_to(server), _quick(case):
        server.answers = {path: list(answers) for path, answers in case.answers.items()}
        addresses = tuple(at if at.startswith("drive:") else server.address + at for at in case.addresses)
        item = Item(case.name, addresses, case.sha256, case.most_bytes, case.archive)
        pins = Pins(folder / "lock.json")
        place = folder / "set"
        content = error = None
        for _ in range(case.times):
            (place / case.name).unlink(missing_ok=True)
            try:
                content, error = obtain(item, place, pins).read_bytes(), None
            except DataError as caught:
                content, error = None, str(caught).replace(server.address, "http://127.0.0.1")
        pin = pins.find(f"set/{case.name}")
        left = sorted(path.name for path in place.iterdir() if not path.name.startswith("."))
        return Outcome(error, content, len(server.asked), left, pin.sha256 if pin else None)


def wrong(case: Case, outcome: Outcome) -> list[str]:
    """What is not as it must be; empty when all is."""
    gets_file = isinstance(case.gets, bytes)
    parts = [name for name in outcome.left if name != case.name]
    checks = {
        f"error {outcome.error!r}": gets_file == (outcome.error is None),
        "other bytes": not gets_file or outcome.content == case.gets,
        f"the error does not say '{case.gets!r}': {outcome.error}": gets_file
        or bool(re.search(str(case.gets), outcome.error or "")),
        "more than one line": "\n" not in (outcome.error or ""),
        f"{outcome.requests} requests": case.requests in {None, outcome.requests},
        f"left: {outcome.left}": (case.name in outcome.left) == gets_file and bool(parts) == case.kept,
        f"pinned {outcome.pin}": outcome.pin == (sha256(case.pinned) if case.pinned else None),
    }
    return [said for said, holds in checks.items() if not holds]


class _Leading(HTTPAdapter):
    """Sends requests for a host of Google's to the server here."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server

    def send(self, request: requests.PreparedRequest, *args: object, **more: object) -> requests.Response:
        asked = urlsplit(request.url or "")
        request.url = f"{self.server.address}{asked.path}?{asked.query}"
        return super().send(request, *args, **more)  # type: ignore[arg-type]


@contextmanager
def _led_to(server: Server) -> Iterator[None]:
    usual: Callable[[requests.Session], None] = requests.Session.__init__

    def made(self: requests.Session) -> None:
        usual(self)
        for host in ("drive.google.com", "drive.usercontent.google.com"):
            self.mount(f"https://{host}", _Leading(server))

    with mock.patch.object(requests.Session, "__init__", made):
        yield


@contextmanager
def _quick(case: Case) -> Iterator[None]:
    """No pauses, little patience, no progress bar."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, {"BACKDOORS_QUIET": "1"}))
        stack.enter_context(mock.patch.object(transfer, "PAUSE", 0.0))
        stack.enter_context(mock.patch.object(transfer, "TIMEOUT", (10.0, case.patience)))
        stack.enter_context(mock.patch.object(drive, "RETRIES", 2))
        stack.enter_context(mock.patch("gdown.download.random.uniform", return_value=0.0))
        if case.free is not None:
            stack.enter_context(mock.patch("shutil.disk_usage", return_value=SimpleNamespace(free=case.free)))
        yield


def main() -> None:
    """Print the table of faults and outcomes."""
    print("| what the server does | outcome | requests | left in the folder |\n|---|---|---|---|")
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            outcome = run(case, Path(folder))
        said = "the right file" if outcome.error is None else re.sub(r"\. Try again.*", "", outcome.error)
        said = re.sub(r"could not download \S+: (http://\S+|Google Drive file \S+): ", "refused: ", said)
        if outcome.pin:
            said += ", its checksum pinned" if outcome.error is None else "; the pin stays"
        problem = "; ".join(wrong(case, outcome))
        said = f"**WRONG** {problem}: {said}" if problem else said
        print(f"| {case.fault} | {said} | {outcome.requests} | {', '.join(outcome.left) or 'nothing'} |")


if __name__ == "__main__":
    main()
