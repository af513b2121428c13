"""The web server of the image `report`: nginx with our configuration, started by the script that the image runs."""

from __future__ import annotations

import gzip
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

FOLDER = Path(__file__).parents[2] / "containers"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
NOBODY = 65534
LONG = b"a line of text that packs well\n" * 200
HASHED = "/assets/onnx-widgets/0123456789ab/widgets/a.mjs"
FILES = {
    "/index.html": b"<!doctype html><title>home</title>" + LONG,
    "/404.html": b"<!doctype html><title>not here</title>",
    "/lab/index.html": b"lab",
    "/sitemap.xml": b"<urlset/>",
    "/feed.xml": b"<feed/>",
    "/manifest.webmanifest": b"{}",
    "/service-worker.js": b"1",
    "/search/search_index.json": b"{}",
    "/assets/mark.svg": b"<svg/>",
    "/assets/code-names.mjs": b"export {};",
    "/assets/notebooks/a.ipynb": b"{}",
    "/assets/picture.png": b"png",
    "/assets/stylesheets/main.57a0d79d.min.css": b"a{}",
    "/assets/javascripts/workers/search.a7633da7.min.js": b"1",
    "/assets/javascripts/lunr/wordcut.js": b"1",
    HASHED: LONG,
    "/assets/onnx-widgets/0123456789ab/ort/ort.wasm": b"\0asm" + LONG,
    "/assets/onnx-widgets/models/mnist-clean-0123456789ab/mnist-clean.onnx": b"onnx",
    "/assets/onnx-widgets/models/latest.json": b"{}",
    "/.secret": b"secret",
}

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian: apt-get install nginx-light)")


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Site(NamedTuple):
    port: int
    process: subprocess.Popen[str]

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)


def environment(**more: str) -> dict[str, str]:
    return {"PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/bin", **more}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The server, as a user without rights when the tests have them."""
    with tempfile.TemporaryDirectory() as made, socket.socket() as taken:
        folder = Path(made)
        folder.chmod(0o755)
        for name, content in FILES.items():
            path = folder / "site" / name[1:]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for script in ("report.sh", "nginx.conf"):
            shutil.copy(FOLDER / script, folder)
        subprocess.run([FOLDER / "precompress.py", folder / "site"], env=environment(), check=True, capture_output=True)
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        taken.close()
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
        process = subprocess.Popen(  # type: ignore[call-overload]
            [folder / "report.sh"],
            env=environment(SITE=str(folder / "site"), PORT=str(port)),
            stdout=subprocess.DEVNULL,  # nginx opens it anew, and a pipe of root's it may not
            stderr=subprocess.PIPE,
            text=True,
            **user,
        )
        found = Site(port, process)
        try:
            wait(found)
            yield found
        finally:
            process.terminate()
            process.communicate(timeout=10)


def wait(site: Site) -> None:
    for _ in range(200):
        if site.process.poll() is not None:
            pytest.fail(f"nginx did not start: {site.process.communicate()[1]}")
        try:
            site.ask("/healthz")
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("nginx does not answer")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        (HASHED, "text/javascript; charset=utf-8"),
        ("/assets/code-names.mjs", "text/javascript; charset=utf-8"),
        ("/assets/javascripts/lunr/wordcut.js", "text/javascript; charset=utf-8"),
        ("/assets/stylesheets/main.57a0d79d.min.css", "text/css; charset=utf-8"),
        ("/assets/onnx-widgets/0123456789ab/ort/ort.wasm", "application/wasm"),
        ("/assets/onnx-widgets/models/mnist-clean-0123456789ab/mnist-clean.onnx", "application/octet-stream"),
        ("/assets/onnx-widgets/models/latest.json", "application/json; charset=utf-8"),
        ("/assets/notebooks/a.ipynb", "application/x-ipynb+json"),
        ("/assets/mark.svg", "image/svg+xml"),
        ("/assets/picture.png", "image/png"),
        ("/sitemap.xml", "text/xml; charset=utf-8"),
        ("/feed.xml", "text/xml; charset=utf-8"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/service-worker.js", "text/javascript; charset=utf-8"),
    ],
)
def test_files_have_the_types_that_browsers_need(site: Site, path: str, kind: str) -> None:
    answer = site.ask(path)
    assert (answer.status, answer.headers["content-type"]) == (200, kind)


@pytest.mark.parametrize("path", ["/", HASHED, "/assets/onnx-widgets/0123456789ab/ort/ort.wasm"])
def test_what_packs_well_is_sent_packed_to_who_can_read_it(site: Site, path: str) -> None:
    plain, packed = site.ask(path), site.ask(path, Accept_Encoding="gzip, br")
    content = FILES["/index.html" if path == "/" else path]
    assert plain.body == content
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == content
    assert int(packed.headers["content-length"]) < len(content) / 5
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert packed.headers["content-type"] == plain.headers["content-type"]


@pytest.mark.parametrize(
    ("path", "for_ever"),
    [
        (HASHED, True),
        ("/assets/onnx-widgets/models/mnist-clean-0123456789ab/mnist-clean.onnx", True),
        ("/assets/stylesheets/main.57a0d79d.min.css", True),
        ("/assets/javascripts/workers/search.a7633da7.min.js", True),
        ("/", False),
        ("/lab/", False),
        ("/search/search_index.json", False),
        ("/manifest.webmanifest", False),
        ("/service-worker.js", False),
        ("/assets/code-names.mjs", False),
        ("/assets/javascripts/lunr/wordcut.js", False),
        ("/assets/onnx-widgets/models/latest.json", False),
        ("/assets/onnx-widgets/0123456789ab/not-there.mjs", False),
    ],
)
def test_only_an_address_with_a_hash_is_kept_without_asking(site: Site, path: str, for_ever: bool) -> None:
    expected = "public, max-age=31536000, immutable" if for_ever else "no-cache"
    assert site.ask(path).headers["cache-control"] == expected


def test_an_unchanged_page_is_not_sent_again(site: Site) -> None:
    first = site.ask("/")
    again = site.ask("/", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("path", ["/", HASHED, "/nothing", "/.secret"])
def test_every_answer_is_isolated(site: Site, path: str) -> None:
    headers = site.ask(path).headers
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"] == "frame-ancestors 'self'"
    assert headers["permissions-policy"].startswith("camera=(self)")
    assert headers["server"] == "nginx"


@pytest.mark.parametrize("path", ["/nothing", "/.secret", "/lab/../.secret", "/assets/nothing.mjs", "/assets/"])
def test_what_is_not_of_the_site_is_answered_with_its_404_page(site: Site, path: str) -> None:
    answer = site.ask(path)
    assert answer.status in {403, 404}
    assert b"secret" not in answer.body
    if path != "/assets/":
        assert (answer.status, answer.body) == (404, FILES["/404.html"])


def test_nothing_outside_the_site_is_given(site: Site) -> None:
    for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/lab/..%2f..%2fetc/passwd"):
        assert site.ask(path).status in {400, 404}


def test_a_folder_leads_to_its_page_whatever_the_port_outside(site: Site) -> None:
    answer = site.ask("/lab")
    assert (answer.status, answer.headers["location"]) == (301, "/lab/")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_but_reading_is_allowed(site: Site, method: str) -> None:
    assert site.ask("/", method).status in {403, 405}


def test_a_part_of_a_file_can_be_asked_for(site: Site) -> None:
    answer = site.ask(HASHED, Range="bytes=2-5")
    assert (answer.status, answer.body) == (206, LONG[2:6])


def test_the_health_check_of_the_image_is_content(site: Site) -> None:
    def check(address: str) -> int:
        return subprocess.run([FOLDER / "health.sh", address], env=environment(), check=False, timeout=20).returncode

    assert site.ask("/healthz").body == b"ok\n"
    assert check(f"http://127.0.0.1:{site.port}/healthz") == 0
    assert check(f"http://127.0.0.1:{site.port}/nothing") != 0


def test_an_image_without_site_says_so_in_a_line(tmp_path: Path) -> None:
    found = subprocess.run(
        [FOLDER / "report.sh"], env=environment(SITE=str(tmp_path)), capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stderr) == (1, f"error: there is no site in {tmp_path}\n")
