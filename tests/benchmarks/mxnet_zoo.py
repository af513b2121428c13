"""Measure the MXNet converter on gluon's whole model zoo, MXNet's own exporter beside it.

For every network real MXNet (`make mxnet-oracle`) makes random weights, running statistics other than 0 and 1, and an
answer to a random image at the size and with the classes of ImageNet. The converter then runs in a process of its
own, so that its time and its memory are its own. Writes `site_assets/metrics/mxnet-zoo.json`.

    python -m tests.benchmarks.mxnet_zoo [NETWORK ...]
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort

from export.mxnet.arrays import read_arrays
from export.onnx.agreement import relative_difference
from export.onnx.session import open_session
from tests.export.mxnet.cases import io
from tests.export.mxnet.real import oracle
from tests.export.mxnet.test_zoo import ZOO
from training.core.files import write_text

ROOT = Path(__file__).parents[2]
METRICS = ROOT / "site_assets" / "metrics" / "mxnet-zoo.json"
PARTIAL = ROOT / ".cache" / "mxnet-zoo.jsonl"
VECTORS = ROOT / "tests" / "export" / "mxnet" / "vectors"
CONVERT = """
import json, sys, time
from pathlib import Path
from export.mxnet.files import convert_files

def memory(what):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(what))

def convert(prefix, shape):
    return convert_files(Path(f"{prefix}-symbol.json"), Path(f"{prefix}-0000.params"), out, inputs={"data": shape})

vectors, prefix, out, shape = sys.argv[1], sys.argv[2], Path(sys.argv[3]), tuple(json.loads(sys.argv[4]))
convert(f"{vectors}/mobilenetv2-trained", (1, 3, 32, 32))  # loads every library, so that what follows is the conversion
Path("/proc/self/clear_refs").write_text("5")
before, start = memory("VmRSS"), time.perf_counter()
report = convert(prefix, shape)
facts = {"seconds": time.perf_counter() - start, "memory": memory("VmHWM") - before, "parameters": report.parameters}
print(json.dumps(facts | {"operators": report.operators, "nodes": report.nodes, "onnx_bytes": report.bytes}))
"""
TIMED = "mobilenetv2_1.0"
"""The network whose conversion is also timed as a command, from the shell and back."""


def measure(name: str, folder: Path) -> dict[str, Any]:
    """One network's row of the table."""
    made = json.loads(oracle("zoo", folder, "--full", name).splitlines()[-1])
    parameters = folder / f"{name}-0000.params"
    inputs, (expected,) = io(read_arrays(folder / f"{name}-io.params"))
    out = folder / f"{name}.onnx"
    command = [
        sys.executable,
        "-c",
        CONVERT,
        str(VECTORS),
        str(folder / name),
        str(out),
        json.dumps(inputs["data"].shape),
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=ROOT)
    row = {"name": name, "size": made["size"], "params_bytes": parameters.stat().st_size} | json.loads(done.stdout)
    row |= compare(out, inputs["data"], expected)
    row["mxnet_nodes"] = len(json.loads((folder / f"{name}-symbol.json").read_text())["nodes"])
    row["theirs"] = made["exporter"]
    if name == TIMED:
        start = time.perf_counter()
        files = [folder / f"{name}-symbol.json", parameters, out]
        subprocess.run([sys.executable, "-m", "export.mxnet", *files], check=True, capture_output=True, cwd=ROOT)
        row["command_seconds"] = time.perf_counter() - start
    theirs = folder / f"{name}-theirs.onnx"
    if theirs.exists():
        row["theirs"] |= compare(theirs, inputs["data"], expected)
    return row


def compare(model: Path, data: np.ndarray[Any, np.dtype[np.float32]], expected: np.ndarray[Any, Any]) -> dict[str, Any]:
    """How far a model's answer is from MXNet's."""
    try:
        session = open_session(model)
        (found,) = session.run(None, {session.get_inputs()[0].name: data})
    except Exception as error:  # noqa: BLE001 - whatever a foreign model fails with is the finding
        return {"error": " ".join(str(error).split())[:200]}
    equal = bool(np.array_equal(found.argmax(-1), expected.argmax(-1)))
    return {"difference": relative_difference(found, expected), "top_1_equal": equal}


def main(names: list[str]) -> None:
    """Measure, print and write; a stopped run resumes."""
    done = {row["name"]: row for row in map(json.loads, PARTIAL.read_text().splitlines())} if PARTIAL.exists() else {}
    for name in names or ZOO:
        if name not in done:
            with tempfile.TemporaryDirectory() as folder:
                done[name] = measure(name, Path(folder))
            with PARTIAL.open("a") as file:
                file.write(json.dumps(done[name]) + "\n")
        print(json.dumps(done[name]), flush=True)
    if names:
        return
    versions = {"onnx": onnx.__version__, "onnxruntime": ort.__version__, "numpy": np.__version__, "mxnet": "1.9.1"}
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    document = {"machine": machine, "threads": 1, "python": platform.python_version(), "versions": versions}
    write_text(METRICS, json.dumps(document | {"networks": [done[name] for name in ZOO]}, indent=1) + "\n")
    PARTIAL.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
