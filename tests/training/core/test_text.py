from __future__ import annotations

import pytest

from training.core.text import LONGEST_LINE, did_you_mean, one_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("bell\x07 null\x00 delete\x7f", r"bell\x07 null\x00 delete\x7f"),
        ("\x9b31m", r"\x9b31m"),  # the one-byte form of ESC [
        ("invoice\u202egnp.exe", r"invoice\u202egnp.exe"),
        ("\u2066isolated\u2069 \u200emark\u061c", r"\u2066isolated\u2069 \u200emark\u061c"),
        ("a\u2028b", r"a\u2028b"),
        ("name\udcff.png", r"name\udcff.png"),  # a file's name that is not UTF-8
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert shown.isascii()


@pytest.mark.parametrize("text", ["[bold]not markup[/bold]", "naïve 日本語 ñ", "a\u00a0b", "👩\u200d🔬", "मी\u200cट"])
def test_ordinary_text_stays(text: str) -> None:
    assert printable(text) == text


def test_a_caller_may_keep_line_feeds() -> None:
    assert printable("a\nb\tc", keep="\n") == "a\nb\\tc"


def test_one_line_is_one_line() -> None:
    assert one_line("  a\n b\r\n\tc\x1b ") == r"a b c\x1b"
    assert one_line(ValueError("x\ny")) == "x y"


def test_the_two_ends_of_a_very_long_line_stay() -> None:
    line = one_line(f"model.onnx: {'x' * 10**6}; name one with --output")
    assert line.startswith("model.onnx: xxx")
    assert line.endswith("xxx; name one with --output")
    assert len(line) < 2 * LONGEST_LINE
    assert one_line("x" * LONGEST_LINE) == "x" * LONGEST_LINE


def test_a_misspelt_name_gets_the_nearest_known_one_as_a_hint() -> None:
    assert did_you_mean("mnits", ["digits", "mnist"], "choose") == "did you mean 'mnist'?"
    assert did_you_mean("cats", ["digits", "mnist"], "choose") == "choose"
