"""For every test: one processor a test process, and slow modules first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Tests run in several processes at once (pytest-xdist), which would fight for the processors if each took all of them.
# Set before anything imports NumPy or PyTorch; the processes that tests start inherit it.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


TESTS = Path(__file__).parent
SLOW = (
    "containers/",
    "export/cli/",
    "export/mxnet/",
    "export/onnx/",
    "export/pipeline/test_overlay_parity",
    "export/pipeline/test_parity",
    "export/release/",
    "site_src/report/",
    "test_distribution.py",
    "training/cli/",
    "training/cluster/",
    "training/defences/",
    "training/engine/test_processes.py",
    "training/runs/test_derived",
    "training/runs/test_lineage",
    "training/runs/test_scratch",
    "training/studies/",
)
"""Where tests train, export, build a site or start programs, seconds each: `make test-quick` leaves them out."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow, and put modules with a test marked so by itself first: none is left alone at the end."""
    longest = {item.path for item in items if item.get_closest_marker("slow")}
    for item in items:
        if item.path.relative_to(TESTS).as_posix().startswith(SLOW):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.path not in longest)
