from __future__ import annotations

from pathlib import Path

import pytest

from export.release.folders import replaced_folder


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_filled_folder_takes_the_old_ones_place(tmp_path: Path) -> None:
    target = tmp_path / "a" / "model"
    for text in ("first", "second"):
        with replaced_folder(target) as new:
            (new / text).write_text(text)
        assert contents(target) == {text: text}
    assert [path.name for path in target.parent.iterdir()] == ["model"]


def test_a_failure_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "model"
    target.mkdir()
    (target / "old").write_text("old")

    def fill() -> None:
        with replaced_folder(target) as new:
            (new / "half").write_text("half")
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        fill()
    assert contents(target) == {"old": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_the_folder_can_be_read_by_others(tmp_path: Path) -> None:
    with replaced_folder(tmp_path / "model"):
        pass
    assert (tmp_path / "model").stat().st_mode & 0o055 == 0o055


def test_an_unfinished_folder_is_not_listed_among_the_models(tmp_path: Path) -> None:
    with replaced_folder(tmp_path / "model") as new:
        (new / "card.json").write_text("{}")
        assert list(tmp_path.glob("*/card.json")) == []
    assert [path.parent.name for path in tmp_path.glob("*/card.json")] == ["model"]
