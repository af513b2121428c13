from __future__ import annotations

from pathlib import Path

import pytest

from export.card.inside import Cloud, Inside, Plane, read_inside, write_inside
from export.card.schema import CardError


def example() -> Inside:
    plane = Plane(point="inside.point", clouds=[Cloud(kind="clean", xy=[(0, 1)])])
    return Inside.model_validate(
        {"precision": "fp32", "sha256": "0" * 64, "appendix": "AP//", "shown": plane.model_dump()}
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    found = read_inside(write_inside(example(), tmp_path))
    assert found == example()
    assert found.appendix == b"\x00\xff\xff"


def test_a_missing_file_says_how_to_write_it(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"inside\.json: cannot be read: .*; write it with: backdoors inside"):
        read_inside(tmp_path / "inside.json")


def test_a_broken_file_names_the_field(tmp_path: Path) -> None:
    path = write_inside(example(), tmp_path)
    path.write_text(path.read_text().replace('"clean"', '"neither"'))
    with pytest.raises(CardError, match=r"field shown\.plane\.clouds\.0\.kind"):
        read_inside(path)
