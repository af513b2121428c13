from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

import pytest

from training.core import files
from training.core.errors import RunError
from training.core.files import require_writable_file, write_bytes


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    write_bytes(path, b"old")
    with mock.patch.object(Path, "replace", side_effect=OSError), pytest.raises(OSError):  # noqa: PT011 - any will do
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_of_two_who_write_at_once_neither_takes_the_others_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    seen = []

    def other_process(fresh: Path, target: Path) -> Path:
        seen.append(fresh)
        return target

    with mock.patch.object(Path, "replace", other_process):
        write_bytes(path, b"one")
        with mock.patch("os.getpid", return_value=-1):
            write_bytes(path, b"two")
    assert [each.read_bytes() for each in seen] == [b"one", b"two"]


def test_a_folder_in_the_files_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as caught:
        write_bytes(tmp_path, b"")
    assert caught.value.filename == str(tmp_path)


def test_a_pipe_or_a_device_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is not an ordinary file"):
        write_bytes(tmp_path / "pipe", b"x")
    assert (tmp_path / "pipe").is_fifo()


def test_a_path_that_no_file_can_be_written_to_is_refused_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_writable_file(tmp_path / "new" / "file.json")
    assert list((tmp_path / "new").iterdir()) == []
    with pytest.raises(RunError, match="this is a folder"):
        require_writable_file(tmp_path)
    with pytest.raises(RunError, match="this is not an ordinary file"):
        require_writable_file(Path("/dev/null"))
    monkeypatch.setattr(files, "TemporaryFile", mock.Mock(side_effect=PermissionError(13, "no room")))
    with pytest.raises(RunError, match=rf"^{tmp_path}/file.json: cannot be written \(no room\)"):
        require_writable_file(tmp_path / "file.json")
