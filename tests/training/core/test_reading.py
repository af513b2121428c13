from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from training.core.reading import POINTER, open_ordinary, read_bytes, sha256


def test_an_ordinary_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_bytes(path, 5) == b"12345"
    assert sha256(path) == hashlib.sha256(b"12345").hexdigest()
    with pytest.raises(OSError, match="it holds more than 4 bytes"):
        read_bytes(path, 4)


def test_pipes_devices_and_folders_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for path in (tmp_path / "pipe", tmp_path / "link", Path("/dev/zero"), tmp_path):
        with pytest.raises(OSError, match=r"it is not an ordinary file|it is a folder"):
            open_ordinary(path)


def test_a_pointer_of_git_lfs_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(POINTER + b"v1\noid sha256:00\nsize 9\n")
    with pytest.raises(OSError, match="a pointer of Git LFS, not the file itself; fetch it with: git lfs pull"):
        open_ordinary(tmp_path / "m.onnx")


def test_the_system_s_own_errors_stay_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "none", 1)


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="Linux only")
def test_a_file_whose_size_the_system_does_not_know_is_read_whole() -> None:
    assert read_bytes(Path("/proc/self/stat"), 1 << 20).startswith(f"{os.getpid()} ".encode())
