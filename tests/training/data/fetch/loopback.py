"""A web server of ours on the loopback interface that answers as it is told, wrongly too."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    """One answer to one request."""

    content: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    """Whether it understands `Range`."""
    length: int | None = None
    """What it says of its length instead of the truth."""
    cut_after: int | None = None
    """Bytes of the body after which it closes the connection."""
    chunked: bool = False
    """Send the body in chunks, without a length."""
    shift: int = 0
    """By how much a range begins later than it was asked for."""
    stall: float = 0.0
    """Seconds of silence before the body."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    answers: dict[str, list[Answer]]
    """Path to its answers, one after the other; the last one stays."""
    asked: list[tuple[str, str | None]]
    """Path and Range header of each request."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.close_connection = True
        span = self.headers.get("Range")
        self.server.asked.append((self.path, span))
        answers = self.server.answers.get(self.path)
        if not answers:
            self.send_error(404)
            return
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.give(answer, span)

    def give(self, answer: Answer, span: str | None) -> None:
        body, status, headers = answer.content, answer.status, dict(answer.headers)
        condition = self.headers.get("If-Range")
        same = condition is None or condition in {headers.get("ETag"), headers.get("Last-Modified")}
        if span and answer.ranges and same and status == 200:
            start = int(span.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start += answer.shift
            status, headers["Content-Range"] = 206, f"bytes {start}-{len(body) - 1}/{len(body)}"
            body = body[start:]
        self.send_response(status)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        if answer.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body) if answer.length is None else answer.length))
        self.end_headers()
        self.wfile.flush()
        time.sleep(answer.stall)
        sent = body[: answer.cut_after]
        if answer.chunked:
            sent = b"%x\r\n%s\r\n" % (len(sent), sent) + (b"0\r\n\r\n" if answer.cut_after is None else b"")
        self.wfile.write(sent)


@contextlib.contextmanager
def running() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.answers, made.asked = {}, []
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()
        thread.join()
