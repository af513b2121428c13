"""For every test: one processor a test process, and slow modules first."""

from __future__ import annotations

import os

import pytest

# Tests run in several processes at once (pytest-xdist), which would fight for the processors if each took all of them.
# Set before anything imports NumPy or PyTorch; the processes that tests start inherit it.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules with slow tests first, so that no process is left with one of them at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
