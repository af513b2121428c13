"""The process that a `Sandbox` starts: opens and runs networks for it, within a limit of memory.

It is run as a file and imports nothing of this project, so that it starts quickly and from anywhere.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

if __name__ == "__main__":  # before a library is imported: whatever it prints must not reach the replies
    PIPES = os.dup(0), os.dup(1)
    os.dup2(2, 1)

import numpy as np
import onnxruntime as ort

MOST_OUTPUT_BYTES = 1 << 28
_PR_SET_PDEATHSIG = 1


def limit(memory: int) -> None:
    """Bound this process's memory, and end it with its parent."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # where the system has no such limits
        import resource  # noqa: PLC0415 - Unix only

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with contextlib.suppress(OSError, AttributeError):  # Linux only
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def opened(path: str, threads: int) -> ort.InferenceSession:
    """A session on the CPU."""
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.strict_shape_type_inference", "1")  # as a browser's runtime is
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def described(session: ort.InferenceSession) -> dict[str, Any]:
    """Name, type and shape of each input and output."""
    return {
        kind: [{"name": each.name, "type": each.type, "shape": list(each.shape or [])} for each in tensors]
        for kind, tensors in (("inputs", session.get_inputs()), ("outputs", session.get_outputs()))
    }


def answered(session: ort.InferenceSession, asked: dict[str, Any], raw: bytes) -> tuple[dict[str, Any], bytes]:
    """One output for one input."""
    tensor = np.frombuffer(raw, asked["dtype"]).reshape(asked["shape"])
    (output,) = session.run([asked["output"]], {asked["input"]: tensor})
    if not isinstance(output, np.ndarray) or output.dtype.kind not in "fiub":
        raise TypeError("its output is no tensor of numbers")
    if output.nbytes > MOST_OUTPUT_BYTES:
        raise ValueError(f"its output has {output.size:,} values")
    return {"dtype": output.dtype.str, "shape": output.shape}, np.ascontiguousarray(output).tobytes()


def main() -> None:
    """Answer requests until there are no more."""
    requests, replies = Connection(PIPES[0], writable=False), Connection(PIPES[1], readable=False)
    limit(int(sys.argv[1]))
    sessions: dict[int, ort.InferenceSession] = {}
    while True:
        try:
            asked = json.loads(requests.recv_bytes())
            raw = requests.recv_bytes() if "dtype" in asked else b""
        except EOFError:
            return
        said: dict[str, Any]
        content: bytes | None = None
        try:
            if "path" in asked:
                session = sessions[asked["session"]] = opened(asked["path"], asked["threads"])
                said = described(session)
            else:
                said, content = answered(sessions[asked["session"]], asked, raw)
        except Exception as error:  # noqa: BLE001 - onnxruntime raises a class of its own for each status
            said = {"error": str(error) or type(error).__name__}
        replies.send_bytes(json.dumps(said).encode())
        if content is not None:
            replies.send_bytes(content)


if __name__ == "__main__":
    main()
