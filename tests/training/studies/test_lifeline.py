from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from training.studies.lifeline import held

HOLDER = """
import sys, time
from pathlib import Path
from training.studies.lifeline import held
with held(Path(sys.argv[1])) as path:
    print(path, flush=True)
    time.sleep(600)
"""
WORKER = """
import signal, sys, time
from pathlib import Path
from training.studies.lifeline import end_with
if sys.argv[2] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
end_with(Path(sys.argv[1]), patience=0.1)
print("at work", flush=True)
time.sleep(600)
"""


def started(program: str, *arguments: str) -> tuple[subprocess.Popen[str], str]:
    """A process, and the line that it prints once it is ready."""
    process = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent, lock = started(HOLDER, str(tmp_path))
    (first, _), (second, _), (deaf, _) = (started(WORKER, lock, kind) for kind in ("", "", "deaf"))
    with pytest.raises(subprocess.TimeoutExpired):
        first.wait(timeout=1)
    parent.kill()
    parent.wait()
    for worker, code in ((first, -signal.SIGTERM), (second, -signal.SIGTERM), (deaf, 128 + signal.SIGTERM)):
        assert worker.wait(timeout=60) == code
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_a_parent_that_ends(tmp_path: Path) -> None:
    with held(tmp_path / "new") as path:
        assert path.is_file()
    assert list((tmp_path / "new").iterdir()) == []
