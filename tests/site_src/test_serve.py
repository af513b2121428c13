# ruff: noqa: S310 - the addresses are those of the server started here
from __future__ import annotations

import gzip
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from site_src.serve import HEADERS, main, make_server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    (site / "below").mkdir(parents=True)
    (site / "index.html").write_text("home")
    (site / "404.html").write_text("not here")
    (site / "below" / "a.mjs").write_text("export {};")
    (site / "below" / "a.wasm").write_bytes(b"\0asm")
    (tmp_path / "secret").write_text("secret")
    return site


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    with make_server(folder, "127.0.0.1", 0, "/report/") as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_browsers_get_the_types_that_modules_and_wasm_need(address: str) -> None:
    with urlopen(f"{address}/report/below/a.mjs") as answer:
        assert answer.headers["Content-Type"] == "text/javascript"
    with urlopen(f"{address}/report/below/a.wasm") as answer:
        assert answer.headers["Content-Type"] == "application/wasm"


def test_the_root_leads_to_the_sites_path(address: str) -> None:
    with urlopen(f"{address}/") as answer:
        assert (answer.url, answer.read()) == (f"{address}/report/", b"home")


@pytest.mark.parametrize(
    "path",
    [
        "/report/none",
        "/below/a.mjs",
        "/report/../secret",
        "/report/%2e%2e/secret",
        "/report/.git/config",
        "/report/%00",
        "/report/a%00/..",
        f"/report/{'a' * 300}",
        f"/report/{'a/' * 5000}",
        "/report/%ff%fe",
        "/report/%ed%a0%80",
        "/report/%",
        "/report/a%0d%0ab",
        "/report/..%5c..%5csecret",
    ],
)
def test_what_is_not_of_the_site_is_answered_with_its_404_page(address: str, path: str) -> None:
    with pytest.raises(HTTPError) as error:
        urlopen(f"{address}{path}")
    assert error.value.code == 404
    assert error.value.read() == b"not here"


def test_a_folder_without_a_site_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert "make report" in capsys.readouterr().err


def test_a_taken_port_is_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with make_server(folder, "127.0.0.1", 0) as server:
        assert main([str(folder), "--port", str(server.server_port)]) == 1
    assert "choose another with --port" in capsys.readouterr().err


def test_files_that_pack_well_are_packed_for_browsers_that_take_it(address: str) -> None:
    for name, content in (("a.mjs", b"export {};"), ("a.wasm", b"\0asm")):
        asked = Request(f"{address}/report/below/{name}", headers={"Accept-Encoding": "br, gzip"})
        with urlopen(asked) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(answer.read()) == content
    with urlopen(f"{address}/report/below/a.wasm") as answer:
        assert answer.headers["Content-Encoding"] is None
        assert answer.read() == b"\0asm"


def test_only_addresses_with_a_hash_are_kept_without_asking_again(address: str, folder: Path) -> None:
    lasting = folder / "assets/onnx-widgets/0123456789ab/ort"
    lasting.mkdir(parents=True)
    (lasting / "a.wasm").write_bytes(b"\0asm")
    with urlopen(f"{address}/report/assets/onnx-widgets/0123456789ab/ort/a.wasm") as answer:
        assert "immutable" in answer.headers["Cache-Control"]
    with urlopen(f"{address}/report/below/a.wasm") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET http://[ HTTP/1.1", b"404"),
        (b"GET /report/\xff\xfe HTTP/1.1", b"404"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1", b"414"),
        (b"GET", b"400"),
        (b"\x16\x03\x01 \x00 x", b"400"),
        (b"POST /report/ HTTP/1.1", b"501"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_and_the_next_one_answered(
    address: str, request_line: bytes, status: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request_line + b"\r\nHost: x\r\n\r\n")
        assert status in connection.recv(4000)
    assert "Traceback" not in capfd.readouterr().err
    with urlopen(f"{address}/report/") as answer:
        assert answer.read() == b"home"


def test_every_answer_has_the_headers_that_the_containers_server_sends(address: str) -> None:
    text = (Path(__file__).parents[2] / "containers" / "nginx.conf").read_text()
    expected = dict(re.findall(r'add_header ([\w-]+) "?(.*?)"? always;', text))
    assert expected.pop("Cache-Control") == "$caching"
    assert expected == HEADERS
    for path in ("/report/", "/report/none"):
        try:
            answer = urlopen(f"{address}{path}")
        except HTTPError as error:
            answer = error
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
