from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from export.card.parts import part_problem
from export.card.schema import SharedWeights
from training.core.reading import POINTER

CONTENT = b"weights"
PART = SharedWeights(name="w.bin", bytes=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest())


def found(folder: Path) -> str:
    problem = part_problem(folder, PART)
    assert problem is not None
    return problem


def test_the_file_on_the_card_is_sound(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(CONTENT)
    assert part_problem(tmp_path, PART) is None


def test_a_link_within_the_folder_is_followed_and_one_out_of_it_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "w.bin").symlink_to("other.bin")
    (folder / "other.bin").write_bytes(CONTENT)
    assert part_problem(folder, PART) is None
    (folder / "w.bin").unlink()
    (tmp_path / "outside").write_bytes(CONTENT)
    (folder / "w.bin").symlink_to("../outside")
    assert "a link that leads out of its folder" in found(folder)


def test_every_other_file_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "w.bin"
    assert "the file is missing" in found(tmp_path)
    path.write_bytes(CONTENT + b"!")
    assert "8 bytes, the card says 7" in found(tmp_path)
    path.write_bytes(b"WEIGHTS")
    assert "SHA-256" in found(tmp_path)
    path.write_bytes(POINTER + b"v1\n")
    assert "a pointer of Git LFS" in found(tmp_path)
    path.unlink()
    os.mkfifo(path)
    assert "not an ordinary file" in found(tmp_path)
    path.unlink()
    path.symlink_to("w.bin")
    assert "cannot be read" in found(tmp_path)


@pytest.mark.parametrize("name", ["evil.html", "w.bin.svg", "w.js", "w.mjs", "w", "../w.bin", "w.BIN", "w.bin\n"])
def test_a_site_publishes_no_page_or_script_as_weights(name: str) -> None:
    with pytest.raises(ValidationError):
        SharedWeights.model_validate(PART.model_dump() | {"name": name})
