"""Networks of other people's making, run in a process of their own that is ended when it takes too long or too much.

onnxruntime cannot be interrupted: a graph may loop for ever, or ask for more memory than the machine has, already
while it is opened.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from export.errors import ExportError
from training.core.text import one_line

LONGEST = 600
"""Letters of a library's message that an error repeats."""
MOST_REPLY_BYTES = 1 << 29
"""Twice what the process sends: more is no reply."""
PROCESS = Path(__file__).with_name("sandbox_process.py")


@dataclass(frozen=True)
class Limits:
    """What a network may take."""

    seconds: float = 60
    """To be opened, and for each answer."""
    memory: int = 4 << 30
    """Bytes of address space, those of the libraries (1 GB) included."""


@dataclass(frozen=True)
class Tensor:
    """An input or output of a network."""

    name: str
    type: str
    """As onnxruntime writes it: `tensor(float)`."""
    shape: tuple[int | str | None, ...]
    """A name or None where a size is free."""

    def __str__(self) -> str:
        sizes = ", ".join("?" if size is None else str(size) for size in self.shape)
        return f"'{one_line(self.name)}' {self.type.removeprefix('tensor(').removesuffix(')')} [{sizes}]"


class SandboxError(ExportError):
    """A network that cannot be opened or run within its limits."""


class Sandbox:
    """A process for networks; it starts with the first one, and again after it was ended."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._running: _Running | None = None
        self._sessions = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self, path: Path, threads: int = 1) -> SandboxedSession:
        """Open a network.

        Raises:
            SandboxError: If onnxruntime cannot open it within the limits.
        """
        said, running, number = self._opened(path, threads)
        inputs, outputs = (
            tuple(Tensor(each["name"], each["type"], tuple(each["shape"])) for each in said[kind])
            for kind in ("inputs", "outputs")
        )
        return SandboxedSession(self, path, threads, inputs, outputs, running, number)

    def run(self, session: SandboxedSession, output: str, name: str, tensor: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """For `SandboxedSession`."""
        if self._running is None or self._running is not session.running:
            _, session.running, session.number = self._opened(session.path, session.threads)
        asked = {"session": session.number, "input": name, "output": output}
        asked |= {"dtype": tensor.dtype.str, "shape": tensor.shape}
        words = _Words(session.path, "run", "no answer")
        said, content = self._ask(session.running, words, asked, tensor.tobytes())
        return np.frombuffer(content, np.dtype(said["dtype"])).reshape(said["shape"])

    def close(self) -> None:
        """End the process."""
        if self._running is not None:
            self._running.end()
        self._running = None

    def _opened(self, path: Path, threads: int) -> tuple[dict[str, Any], _Running, int]:
        if self._running is None:
            self._running = _Running.start(self.limits.memory)
        self._sessions += 1
        asked = {"session": self._sessions, "path": str(path), "threads": threads}
        said, _ = self._ask(self._running, _Words(path, "load", "it was not open"), asked)
        return said, self._running, self._sessions

    def _ask(
        self, running: _Running, words: _Words, asked: dict[str, Any], raw: bytes | None = None
    ) -> tuple[dict[str, Any], bytes]:
        """What the process replies: a table, and the bytes of a tensor where it asked for one."""
        try:
            running.requests.send_bytes(json.dumps(asked).encode())
            if raw is not None:
                running.requests.send_bytes(raw)
            if not running.replies.poll(self.limits.seconds):
                self.close()
                raise SandboxError(
                    f"{words.path}: {words.late} after {self.limits.seconds:g} seconds, so it was ended; "
                    "allow more with --timeout"
                )
            said: dict[str, Any] = json.loads(running.replies.recv_bytes(MOST_REPLY_BYTES))
            if "error" in said:
                raise SandboxError(f"{words.failed}: {one_line(said['error'])[:LONGEST]}")
            return said, b"" if raw is None else running.replies.recv_bytes(MOST_REPLY_BYTES)
        except (EOFError, OSError) as error:
            self.close()
            code = running.process.wait()
            ended = f"by the signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
            raise SandboxError(
                f"{words.failed}: its process ended {ended}; a network may take {self.limits.memory >> 30} GB of memory"
            ) from error


class SandboxedSession:
    """A network that is open in a sandbox."""

    def __init__(  # noqa: PLR0913, PLR0917 - made by `Sandbox.open` alone
        self,
        sandbox: Sandbox,
        path: Path,
        threads: int,
        inputs: tuple[Tensor, ...],
        outputs: tuple[Tensor, ...],
        running: _Running,
        number: int,
    ) -> None:
        self.path, self.threads, self.inputs, self.outputs = path, threads, inputs, outputs
        self.running, self.number = running, number
        self._sandbox = sandbox

    def run(self, output: str, name: str, tensor: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The value of one output for one input.

        Raises:
            SandboxError: If onnxruntime cannot run it within the limits.
        """
        return self._sandbox.run(self, output, name, np.ascontiguousarray(tensor))


@dataclass(frozen=True)
class _Words:
    """What an error says of a request."""

    path: Path
    what: str
    late: str

    @property
    def failed(self) -> str:
        return f"{self.path}: onnxruntime cannot {self.what} it"


@dataclass(frozen=True)
class _Running:
    """The process, and the pipes to and from it."""

    process: subprocess.Popen[bytes]
    requests: Connection
    replies: Connection

    @classmethod
    def start(cls, memory: int) -> Self:
        command = [sys.executable, "-P", str(PROCESS), str(memory)]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        process = subprocess.Popen(  # noqa: S603 - our own file
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        if process.stdin is None or process.stdout is None:
            raise SandboxError("a process has no pipes")
        pipes = [os.dup(pipe.fileno()) for pipe in (process.stdin, process.stdout)]
        process.stdin.close()
        process.stdout.close()
        return cls(process, Connection(pipes[0], readable=False), Connection(pipes[1], writable=False))

    def end(self) -> None:
        self.requests.close()
        self.replies.close()
        self.process.kill()
        self.process.wait()
