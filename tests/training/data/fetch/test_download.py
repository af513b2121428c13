"""The downloader against a web server of ours; what goes wrong on the way is in `download_faults`."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import requests

from tests.training.data.fetch.loopback import Answer, Server, running
from training.data.base import DataError
from training.data.fetch import transfer
from training.data.fetch.download import fetch, obtain, sha256_inside
from training.data.fetch.items import Item

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PACKED = gzip.compress(CONTENT)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(transfer, "PAUSE", 0.0)
    monkeypatch.setenv("BACKDOORS_QUIET", "1")
    with running() as made:
        yield made


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_a_file_is_downloaded_verified_and_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    server.answers = {"/data.bin": [Answer(CONTENT)]}
    for _ in range(2):
        path = fetch("data.bin", (f"{server.address}/",), SHA256, tmp_path / "new" / "folder")
    assert path.read_bytes() == CONTENT
    assert len(server.asked) == 1
    assert names(path.parent) == ["data.bin"]


def test_a_download_that_is_cut_resumes_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.answers = {"/data.bin": [Answer(CONTENT, cut_after=100_000), Answer(CONTENT, cut_after=77), Answer(CONTENT)]}
    assert fetch("data.bin", (f"{server.address}/",), SHA256, tmp_path).read_bytes() == CONTENT
    assert [span for _, span in server.asked] == [None, "bytes=100000-", "bytes=100077-"]


@pytest.mark.parametrize("had", [1234, len(CONTENT)])
def test_a_download_is_continued_by_the_next_call(server: Server, tmp_path: Path, had: int) -> None:
    server.answers = {"/data.bin": [Answer(CONTENT)]}
    (tmp_path / "data.bin.part").write_bytes(CONTENT[:had])
    assert fetch("data.bin", (f"{server.address}/",), SHA256, tmp_path).read_bytes() == CONTENT
    assert server.asked == [("/data.bin", f"bytes={had}-")]
    assert names(tmp_path) == ["data.bin"]


def test_an_old_part_of_another_file_is_thrown_away(server: Server, tmp_path: Path) -> None:
    server.answers = {"/data.bin": [Answer(CONTENT)]}
    (tmp_path / "data.bin.part").write_bytes(b"what is there must not be glued to the rest")
    assert fetch("data.bin", (f"{server.address}/",), SHA256, tmp_path).read_bytes() == CONTENT
    assert len(server.asked) == 2


def test_when_every_mirror_fails_the_error_names_each_and_says_what_to_do(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        fetch("data.bin", ("http://127.0.0.1:9/", f"{server.address}/"), SHA256, tmp_path)
    message = str(caught.value)
    assert "127.0.0.1:9/data.bin: no connection" in message
    assert f"{server.address}/data.bin: the server answered 404" in message
    assert "--data DIR" in message
    assert "\n" not in message
    assert names(tmp_path) == []


def test_two_at_once_download_it_once(server: Server, tmp_path: Path) -> None:
    server.answers = {"/data.bin": [Answer(CONTENT, stall=0.3)]}
    item, found = Item("data.bin", (f"{server.address}/data.bin",), SHA256), []
    threads = [threading.Thread(target=lambda: found.append(obtain(item, tmp_path))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.read_bytes() == CONTENT for path in found] == [True, True]
    assert len(server.asked) == 1


def test_a_secure_address_does_not_lead_to_an_insecure_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = requests.Response()
    answer.url, answer.status_code = "http://example.org/data.bin", 200
    answer.history = [SimpleNamespace(url="https://example.org/data.bin")]  # type: ignore[list-item]
    answer._content_consumed = True  # type: ignore[attr-defined]  # there is nothing to close
    monkeypatch.setattr(requests, "get", lambda *_, **__: answer)
    with pytest.raises(DataError, match="a secure address redirects to an insecure one"):
        fetch("data.bin", ("https://example.org/",), SHA256, tmp_path)


def test_a_full_disk_is_reported_and_what_arrived_is_kept(server: Server, tmp_path: Path) -> None:
    server.answers = {"/data.bin": [Answer(CONTENT, chunked=True)]}
    (tmp_path / "data.bin.part").symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"data\.bin\.part: cannot be written: No space left on device$"):
        fetch("data.bin", (f"{server.address}/", "http://127.0.0.1:9/"), SHA256, tmp_path)


def test_a_compressed_file_is_verified_by_what_is_inside(server: Server, tmp_path: Path) -> None:
    for level in (1, 9):
        server.answers = {"/data.gz": [Answer(gzip.compress(CONTENT, compresslevel=level))]}
        path = fetch("data.gz", (f"{server.address}/",), SHA256, tmp_path / str(level))
        assert sha256_inside(path) == SHA256


def test_a_compressed_file_that_is_damaged_is_refused(server: Server, tmp_path: Path) -> None:
    server.answers = {"/data.gz": [Answer(PACKED[:-100])]}
    with pytest.raises(DataError, match="not a complete gzip file"):
        fetch("data.gz", (f"{server.address}/",), SHA256, tmp_path)
    assert names(tmp_path) == []


def test_a_damaged_file_in_the_cache_is_downloaded_again(server: Server, tmp_path: Path) -> None:
    server.answers = {"/data.gz": [Answer(PACKED)]}
    (tmp_path / "data.gz").write_bytes(PACKED[:1000])
    assert sha256_inside(fetch("data.gz", (f"{server.address}/",), SHA256, tmp_path)) == SHA256
