from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from training.data.base import DataError
from training.data.fetch.archive import Limits, check, mark_of, unpack

FILES = {"train/dog/a.jpg": b"a" * 700, "train/dog/b.jpg": b"b" * 512, "list.txt": b""}


def tar(path: Path, files: dict[str, bytes] = FILES, *entries: tarfile.TarInfo, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for entry in entries:
            archive.addfile(entry)
    return path


def entry(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


def zipped(path: Path, files: dict[str, bytes] = FILES, mode: int = stat.S_IFREG) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo("x")
            info.filename, info.external_attr = name, (mode | 0o644) << 16
            archive.writestr(info, content)
    return path


MAKERS: dict[str, Callable[[Path], Path]] = {
    "zip": zipped,
    "tar": tar,
    "tar.gz": lambda path: tar(path, mode="w:gz"),
    "tar.bz2": lambda path: tar(path, mode="w:bz2"),
    "tar.xz": lambda path: tar(path, mode="w:xz"),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_an_archive_is_unpacked_whatever_its_name(tmp_path: Path, kind: str) -> None:
    made = MAKERS[kind](tmp_path / "archive.bin")
    assert check(made) == 3
    folder = unpack(made, tmp_path / "out", "sum")
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {name: content for name, content in found.items() if name != ".unpacked"} == FILES
    assert mark_of(folder) == "sum"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive.bin", "out"]


def test_an_archive_is_unpacked_anew_only_when_it_changed(tmp_path: Path) -> None:
    made, folder = zipped(tmp_path / "a.zip"), tmp_path / "out"
    unpack(made, folder, "first")
    (folder / "list.txt").write_text("changed")
    unpack(made, folder, "first")
    assert (folder / "list.txt").read_text() == "changed"
    unpack(zipped(tmp_path / "b.zip", {"other": b"x"}), folder, "second")
    assert sorted(path.name for path in folder.iterdir()) == [".unpacked", "other"]


def encrypted(path: Path) -> Path:
    content = bytearray(zipped(path, {"a": b"secret"}).read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    return path


def damaged(path: Path) -> Path:
    content = bytearray(zipped(path, {"a": bytes(range(256)) * 9}).read_bytes())
    content[60] ^= 255
    path.write_bytes(content)
    return path


def cut(path: Path, most: int) -> Path:
    path.write_bytes(path.read_bytes()[:most])
    return path


def endless(path: Path) -> Path:
    """Some kilobytes that unpack to a header of a gigabyte."""
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 1 << 30
    path.write_bytes(gzip.compress(header.tobuf(tarfile.USTAR_FORMAT) + bytes(1 << 21)))
    return path


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "tar: absolute": (lambda p: tar(p, {"/etc/x": b""}), "leads out of the folder"),
    "tar: up": (lambda p: tar(p, {"a/../../x": b""}), "leads out of the folder"),
    "tar: symbolic link": (lambda p: tar(p, FILES, entry("l", tarfile.SYMTYPE, "/etc/passwd")), "is a link"),
    "tar: hard link": (lambda p: tar(p, FILES, entry("l", tarfile.LNKTYPE, "list.txt")), "is a link"),
    "tar: device": (lambda p: tar(p, FILES, entry("d", tarfile.CHRTYPE)), "not a regular file"),
    "tar: fifo": (lambda p: tar(p, FILES, entry("d", tarfile.FIFOTYPE)), "not a regular file"),
    "tar: twice": (lambda p: tar(p, {"a": b"", "./a": b""}), "twice"),
    "tar: the mark": (lambda p: tar(p, {".unpacked": b""}), "not a valid file name"),
    "tar: a line break": (lambda p: tar(p, {"a\nb": b""}), "not a valid file name"),
    "tar: a long name": (lambda p: tar(p, {"a" * 300: b""}), "not a valid file name"),
    "tar: too many": (lambda p: tar(p, {str(n): b"" for n in range(11)}), "more than the 10 files"),
    "tar: too much": (lambda p: tar(p, {"a": bytes(6000), "b": bytes(6000)}), "more than the 10,000 bytes"),
    "tar: a header too many redirects": (endless, "header that is too long"),
    "tar: cut in a file": (lambda p: cut(tar(p), 900), "a damaged archive"),
    "tar: cut between files": (lambda p: cut(tar(p), 512 + 1024), "is truncated"),
    "tar.gz: cut": (lambda p: cut(tar(p, mode="w:gz"), 150), "a damaged archive"),
    "tar.gz: without its end": (lambda p: cut(tar(p, mode="w:gz"), tar(p, mode="w:gz").stat().st_size - 4), "damaged"),
    "zip: absolute": (lambda p: zipped(p, {"/etc/x": b""}), "leads out of the folder"),
    "zip: up": (lambda p: zipped(p, {"../x": b""}), "leads out of the folder"),
    "zip: backslash": (lambda p: zipped(p, {"..\\x": b""}), "leads out of the folder"),
    "zip: drive": (lambda p: zipped(p, {"C:x": b""}), "leads out of the folder"),
    "zip: link": (lambda p: zipped(p, {"l": b"/etc/passwd"}, stat.S_IFLNK), "is a link"),
    "zip: too much": (lambda p: zipped(p, {"a": bytes(20_000)}), "more than the 10,000 bytes"),
    "zip: too many": (lambda p: zipped(p, {str(n): b"" for n in range(11)}), "more than the 10 files"),
    "zip: encrypted": (encrypted, "is encrypted"),
    "zip: damaged": (damaged, "a damaged archive"),
    "zip: cut": (lambda p: cut(zipped(p), 200), "a damaged archive"),
    "a web page": (lambda p: cut(p, p.write_bytes(b"<html>" * 500)), "a damaged archive"),
    "nothing": (lambda p: cut(p, p.write_bytes(b"")), "a damaged archive"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_an_unsafe_or_damaged_archive_is_refused_and_leaves_nothing(tmp_path: Path, what: str) -> None:
    make, said = REFUSED[what]
    made, folder, limits = make(tmp_path / "archive"), tmp_path / "out", Limits(most_files=10, most_bytes=10_000)
    for act in (lambda: check(made, limits), lambda: unpack(made, folder, "sum", limits)):
        with pytest.raises(DataError, match=said) as caught:
            act()
        assert "\n" not in str(caught.value)
        assert str(caught.value).startswith(str(made))
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


def test_what_was_unpacked_before_stays_when_a_new_archive_is_refused(tmp_path: Path) -> None:
    folder = unpack(zipped(tmp_path / "a.zip"), tmp_path / "out", "first")
    with pytest.raises(DataError):
        unpack(cut(zipped(tmp_path / "b.zip"), 100), folder, "second")
    assert mark_of(folder) == "first"
    assert (folder / "train/dog/a.jpg").read_bytes() == FILES["train/dog/a.jpg"]


def test_a_file_where_a_folder_is_is_refused_by_the_disk(tmp_path: Path) -> None:
    made = tar(tmp_path / "archive", {"a/b": b"", "a": b""})
    with pytest.raises(DataError, match="cannot be unpacked: File exists"):
        unpack(made, tmp_path / "out", "sum")
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]
