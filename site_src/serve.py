"""Serve a built site on this machine: `python -m site_src.serve`.

As a web host does: right media types, packed where that helps, kept by browsers where an address holds a hash of its
content, and the site's own 404 page.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import io
import os
import re
import sys
from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO, ClassVar
from urllib.parse import urlsplit

LONGEST_NAME, LONGEST_PATH = 255, 4000
"""Bytes that file systems allow."""
PACKED = frozenset({".css", ".html", ".js", ".json", ".mjs", ".onnx", ".svg", ".wasm", ".webmanifest", ".xml"})
LASTING = re.compile(r"assets/onnx-widgets/(?:[0-9a-f]{12}|samples/[0-9a-f]{12}|models/[a-z0-9-]+-[0-9a-f]{12})/")
"""Addresses whose content never changes."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Sent with every answer, as `containers/nginx.conf` does, which says why."""


@lru_cache(maxsize=256)
def packed(path: Path, changed: int) -> bytes:  # noqa: ARG001 - part of the key
    """A file, packed with gzip once for each time it changed."""
    return gzip.compress(path.read_bytes(), 6, mtime=0)


def _possible(path: str, names: Sequence[str]) -> bool:
    """Whether a file system could have a file of that path."""
    try:
        return len(os.fsencode(path)) <= LONGEST_PATH and all(len(os.fsencode(name)) <= LONGEST_NAME for name in names)
    except UnicodeEncodeError:  # half of a character
        return False


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder, below a path if the site was built for one."""

    base: ClassVar[str] = "/"
    extensions_map: dict[str, str] = {  # noqa: RUF012 - the base class declares it so
        **SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".onnx": "application/octet-stream",
        ".webmanifest": "application/manifest+json",
    }

    @property
    def address(self) -> str:
        """The path that is asked for, still encoded; empty if the request names none."""
        try:
            return urlsplit(getattr(self, "path", "")).path  # a request may be refused before it has a path
        except ValueError:  # such as http://[
            return ""

    def translate_path(self, path: str) -> str:
        """The file at an address; addresses outside the site's path, hidden ones and impossible ones have none."""
        if self.address.startswith(self.base) and "%00" not in path:
            found = super().translate_path(path[len(self.base) - 1 :])
            below = Path(found).parts[len(Path(self.directory).parts) :]
            if _possible(found, below) and not any(part.startswith(".") for part in below):
                return found
        return str(Path(self.directory) / "\N{NO ENTRY SIGN}")

    def do_GET(self) -> None:
        """Send a file; redirect the root to the site's path."""
        if self.path == "/" and self.base != "/":
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", self.base)
            self.end_headers()
            return
        super().do_GET()

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Begin the answer: packed where the browser takes that."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() and self.path.endswith("/") else path
        takes = "gzip" in self.headers.get("Accept-Encoding", "") and "Range" not in self.headers
        unchanged = "If-Modified-Since" in self.headers
        if not takes or unchanged or path.suffix not in PACKED or not path.is_file():
            return super().send_head()
        status = path.stat()
        body = packed(path, status.st_mtime_ns)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", self.date_time_string(int(status.st_mtime)))
        self.send_header("Vary", "Accept-Encoding")
        self.end_headers()
        return io.BytesIO(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send the site's own page for missing files."""
        page = Path(self.directory) / "404.html"
        if code != HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, message, explain)
            return
        body = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def end_headers(self) -> None:
        """Make browsers revalidate what may change, so that a rebuilt site shows at once."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        lasting = LASTING.search(self.address)
        self.send_header("Cache-Control", "public, max-age=31536000, immutable" if lasting else "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log failures only."""
        if len(args) > 1 and str(args[1]) >= "400":
            super().log_message(format, *args)


def make_server(folder: Path, host: str, port: int, base: str = "/") -> ThreadingHTTPServer:
    """A server that is ready to run.

    Args:
        folder: The built site.
        host: Address to listen at.
        port: Port, 0 for any free one.
        base: Path that the site lives below, with a slash at both ends.

    Raises:
        ValueError: If the folder holds no site.
        OSError: If the port is taken.
    """
    if not (folder / "index.html").is_file():
        raise ValueError(f"there is no site in {folder}/: build it with `make report SERVE=0`")
    handler = type("SiteHandler", (Handler,), {"base": base})
    return ThreadingHTTPServer((host, port), functools.partial(handler, directory=str(folder)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m site_src.serve", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("site"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--base", default="/", help="path that the site was built for, for example /report/")
    given = parser.parse_args(arguments)
    base = f"/{given.base.strip('/')}/".replace("//", "/")
    try:
        server = make_server(given.folder, given.host, given.port, base)
    except OSError as error:
        reason = error.strerror or str(error)
        print(f"error: cannot serve at port {given.port}: {reason}; choose another with --port", file=sys.stderr)  # noqa: T201
        return 1
    except (ValueError, OverflowError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    with server:
        address = f"http://{given.host}:{server.server_port}{base}"
        print(f"The report is at {address} (Ctrl-C stops)", flush=True)  # noqa: T201
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
