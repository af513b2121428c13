from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from training.cli.group import Entry, application

MODULE = '''
import typer

app = typer.Typer(add_completion=False)


def greet(name: str, loud: bool = False) -> None:
    """Greet someone."""
    typer.echo(f"hello {name}".upper() if loud else f"hello {name}")


@app.command("one")
def one() -> None:
    """The first."""
    typer.echo("1")


@app.command("two")
def two() -> None:
    """The second."""
    typer.echo("2")
'''
ENTRIES = {
    "greet": Entry("late_commands:greet", "Greet someone."),
    "count": Entry("late_commands:app", "Count.", panel="Numbers"),
    "absent": Entry("no_such_module_of_ours:command", "Never imported."),
}


@pytest.fixture(autouse=True)
def late_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "late_commands.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "late_commands", raising=False)


def call(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(application("Example", ENTRIES, "An example."), list(arguments), env=environment)


def test_help_lists_every_command_and_imports_none() -> None:
    shown = call("--help").stdout
    for words in ("greet", "Greet someone.", "count", "Numbers", "absent"):
        assert words in shown
    assert "late_commands" not in sys.modules


def test_a_function_is_a_command_with_its_options() -> None:
    assert call("greet", "Ada", "--loud").stdout == "HELLO ADA\n"
    assert "--loud" in call("greet", "--help").stdout
    assert call("greet").exit_code == 2


def test_an_application_is_a_group_of_commands() -> None:
    assert call("count", "two").stdout == "2\n"
    assert "The first." in call("count", "--help").stdout


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    result = call("gret")
    assert result.exit_code == 2
    assert "Did you mean 'greet'" in result.stderr


def complete(words: str, prompt: str) -> str:
    environment = {"_EXAMPLE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": prompt}
    return CliRunner().invoke(application("Example", ENTRIES, ""), [], prog_name="example", env=environment).stdout


def test_the_shell_completes_names_without_imports_and_options_with() -> None:
    assert complete("example g", "1").split() == ["greet"]
    assert "late_commands" not in sys.modules
    assert "--loud" in complete("example greet --l", "2")


def test_letters_that_the_output_cannot_hold_are_escaped() -> None:
    runner = CliRunner(charset="latin-1")
    result = runner.invoke(application("Example", ENTRIES, "An example."), ["greet", "\u00dcn\u00ef \u2192"])
    assert (result.exit_code, result.stdout) == (0, "hello \u00dcn\u00ef \\u2192\n")
