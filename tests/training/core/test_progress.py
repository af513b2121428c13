from __future__ import annotations

import io

import pytest
from rich.console import Console

from training.core import progress
from training.core.progress import download_bar, progress_bar


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)


def drawn(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_bar_counts_from_what_was_done_and_shows_words_as_they_are_written() -> None:
    console = terminal()
    with progress_bar(console, "[red]start\x07", 10, done=3) as advance:
        advance(2)
        advance(1, "[red]end\u202e")
    shown = drawn(console)
    assert r"[red]end\u202e" in shown
    assert "6/10" in shown
    assert "\x07" not in shown


def test_words_stay_until_others_come() -> None:
    console = terminal()
    with progress_bar(console, "epoch 1", 2) as advance:
        advance(2)
    assert "epoch 1" in drawn(console)


def test_a_download_shows_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    console = terminal()
    monkeypatch.setattr(progress, "stderr_console", lambda: console)
    with download_bar("weights[1].bin") as received:
        received(500, None)
        received(1_000, 2_000)
    assert "weights[1].bin" in drawn(console)
    assert "1.0/2.0 kB" in drawn(console)


def test_a_log_gets_what_is_printed_and_nothing_of_the_bar() -> None:
    console = Console(file=io.StringIO(), width=120)
    with progress_bar(console, "training", 2) as advance:
        advance(1, "epoch 1")
        console.print("epoch 1 done")
        advance(1)
    assert drawn(console) == "epoch 1 done\n"


def test_backdoors_quiet_hides_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKDOORS_QUIET", "1")
    console = terminal()
    with progress_bar(console, "hidden", 2) as advance:
        advance(2)
    assert drawn(console) == ""
