"""The downloader against a web server of ours on the loopback interface."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from training.data.download import fetch, sha256_inside
from training.data.sources import DataError

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PACKED = gzip.compress(CONTENT)


class Server(ThreadingHTTPServer):
    """Serves `files`, and misbehaves as told."""

    files: dict[str, bytes]
    cut_after: int | None = None
    """Close the connection after so many bytes of an answer."""
    cuts_left = 0
    knows_ranges = True
    asked: list[tuple[str, str | None]]
    """Path and Range header of each request."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        span = self.headers.get("Range")
        self.server.asked.append((self.path, span))
        if self.path not in self.server.files:
            self.send_error(404)
            return
        content = self.server.files[self.path]
        start = int(span.removeprefix("bytes=").rstrip("-")) if span and self.server.knows_ranges else 0
        if start >= len(content):
            self.send_error(416)
            return
        body = content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.cuts_left > 0 and self.server.cut_after is not None:
            self.server.cuts_left -= 1
            body = body[: self.server.cut_after]
        self.wfile.write(body)
        self.close_connection = True


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.files, made.asked = {}, []
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def address(server: Server, folder: str = "") -> str:
    return f"http://127.0.0.1:{server.server_port}/{folder}"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_downloaded_verified_and_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    server.files = {"/data.bin": CONTENT}
    for _ in range(2):
        path = fetch("data.bin", (address(server),), SHA256, tmp_path / "new" / "folder")
    assert path.read_bytes() == CONTENT
    assert len(server.asked) == 1
    assert names(path.parent) == ["data.bin"]


def test_a_download_that_is_cut_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.files, server.cut_after, server.cuts_left = {"/data.bin": CONTENT}, 100_000, 2
    path = fetch("data.bin", (address(server),), SHA256, tmp_path)
    assert path.read_bytes() == CONTENT
    starts = [int(span.removeprefix("bytes=").rstrip("-")) if span else 0 for _, span in server.asked]
    assert len(starts) == 3
    assert starts[0] == 0
    assert 80_000 < starts[1] <= 100_000
    assert 160_000 < starts[2] <= 200_000


def test_a_download_is_continued_by_the_next_call(server: Server, tmp_path: Path) -> None:
    server.files = {"/data.bin": CONTENT}
    (tmp_path / "data.bin.part").write_bytes(CONTENT[:1234])
    assert fetch("data.bin", (address(server),), SHA256, tmp_path).read_bytes() == CONTENT
    assert server.asked == [("/data.bin", "bytes=1234-")]
    assert names(tmp_path) == ["data.bin"]


def test_what_is_kept_of_a_download_that_failed_is_not_called_by_the_files_name(server: Server, tmp_path: Path) -> None:
    server.files, server.cut_after, server.cuts_left = {"/data.bin": CONTENT}, 50_000, 99
    with pytest.raises(DataError, match="the connection was cut"):
        fetch("data.bin", (address(server),), SHA256, tmp_path)
    assert names(tmp_path) == ["data.bin.part"]


def test_a_whole_part_file_needs_no_more_bytes(server: Server, tmp_path: Path) -> None:
    server.files = {"/data.bin": CONTENT}
    (tmp_path / "data.bin.part").write_bytes(CONTENT)
    assert fetch("data.bin", (address(server),), SHA256, tmp_path).read_bytes() == CONTENT


def test_a_server_without_ranges_is_asked_for_the_whole_file(server: Server, tmp_path: Path) -> None:
    server.files, server.knows_ranges = {"/data.bin": CONTENT}, False
    (tmp_path / "data.bin.part").write_bytes(b"what is there must not be glued to the whole file")
    assert fetch("data.bin", (address(server),), SHA256, tmp_path).read_bytes() == CONTENT


def test_wrong_bytes_are_refused_by_name_and_nothing_is_left(server: Server, tmp_path: Path) -> None:
    server.files = {"/data.bin": CONTENT[:-1] + b"!"}
    with pytest.raises(DataError, match=rf"data\.bin: wrong bytes, SHA-256 .* where {SHA256[:12]}. was expected"):
        fetch("data.bin", (address(server),), SHA256, tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize("first", [None, b"<html>not here</html>", CONTENT[:-1] + b"!"])
def test_the_next_mirror_is_asked_when_one_has_not_the_file(
    server: Server, tmp_path: Path, first: bytes | None
) -> None:
    server.files = {"/second/data.bin": CONTENT} | ({"/first/data.bin": first} if first else {})
    path = fetch("data.bin", (address(server, "first/"), address(server, "second/")), SHA256, tmp_path)
    assert path.read_bytes() == CONTENT


def test_the_next_mirror_is_asked_when_one_does_not_answer(server: Server, tmp_path: Path) -> None:
    server.files = {"/data.bin": CONTENT}
    assert fetch("data.bin", ("http://127.0.0.1:9/", address(server)), SHA256, tmp_path).read_bytes() == CONTENT


def test_when_every_mirror_fails_the_error_names_each_and_says_what_to_do(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        fetch("data.bin", ("http://127.0.0.1:9/", address(server)), SHA256, tmp_path)
    message = str(caught.value)
    assert "127.0.0.1:9/data.bin: no connection" in message
    assert "404" in message
    assert "--data DIR" in message
    assert "\n" not in message
    assert names(tmp_path) == []


def test_a_compressed_file_is_verified_by_what_is_inside(server: Server, tmp_path: Path) -> None:
    for level in (1, 9):
        server.files = {"/data.gz": gzip.compress(CONTENT, compresslevel=level)}
        path = fetch("data.gz", (address(server),), SHA256, tmp_path / str(level))
        assert sha256_inside(path) == SHA256


def test_a_compressed_file_that_is_damaged_is_refused(server: Server, tmp_path: Path) -> None:
    server.files = {"/data.gz": PACKED[:-100]}
    with pytest.raises(DataError, match="not a whole gzip file"):
        fetch("data.gz", (address(server),), SHA256, tmp_path)
    assert names(tmp_path) == []


def test_a_damaged_file_in_the_cache_is_downloaded_again(server: Server, tmp_path: Path) -> None:
    server.files = {"/data.gz": PACKED}
    (tmp_path / "data.gz").write_bytes(PACKED[:1000])
    assert sha256_inside(fetch("data.gz", (address(server),), SHA256, tmp_path)) == SHA256
