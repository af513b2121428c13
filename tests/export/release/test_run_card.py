from __future__ import annotations

from pathlib import Path

import pytest

from export.release.run_card import git_commit


def test_a_machine_without_git_exports_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit() == "unknown"
