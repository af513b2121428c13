from __future__ import annotations

import pytest

from training.core.console import stderr_console, stdout_console, table

HOSTILE = "[red]no[/red] :smile: \x1b[31m \u202egnp"
SHOWN = r"[red]no[/red] :smile: \x1b[31m \u202egnp"


def test_markup_emoji_and_control_characters_of_a_cell_or_title_are_shown_as_they_are_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stdout_console().print(table("a", "b", title=HOSTILE, rows=[[HOSTILE, "2"]]))
    said = capsys.readouterr()
    assert said.out.count(SHOWN) == 2
    assert said.err == ""
    assert "\x1b" not in said.out


def test_a_table_that_no_terminal_shows_is_not_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stdout_console().print(table("a", "b", rows=[["x" * 80, "y" * 80]]))
    assert "y" * 80 in capsys.readouterr().out


def test_remarks_go_to_stderr_and_keep_their_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    stderr_console().print("data folder:[train]")
    stderr_console(quiet=True).print("not this")
    assert capsys.readouterr() == ("", "data folder:[train]\n")
