"""Every command that a help text, a page or the Makefile shows must be one that the command line takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from export.cli.main import app

ROOT = Path(__file__).parents[3]
PAGES = (ROOT / "Makefile", *sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("site_src/pages/*.md")))
Command = Any
"""Of the click that typer carries, which is private."""


def within(group: TyperGroup, word: str) -> Command:
    """A command of a group, imported."""
    return group.resolve_command(typer.Context(group), [word])[1]


def below(command: Command, name: str) -> Iterator[tuple[str, Command]]:
    """A command and all that it has, each with its words."""
    yield name, command
    if isinstance(command, TyperGroup):
        for word in command.list_commands(typer.Context(command)):
            yield from below(within(command, word), f"{name} {word}")


def shown() -> Iterator[tuple[str, str]]:
    """Where a command is shown, and the command."""
    for name, command in below(typer.main.get_command(app), "backdoors"):
        for found in re.findall(r"Examples?: (backdoors .*)", command.help or ""):
            yield f"{name} --help", found
    for path in PAGES:
        for line in path.read_text("utf-8").replace("\\\n", " ").splitlines():
            found = re.match(r"\s*(?:\$\(BIN\)/)?(backdoors [a-z][^`]*)$", line)
            if found:
                yield path.relative_to(ROOT).as_posix(), found[1]


def test_every_command_has_an_example_and_pages_show_some() -> None:
    found = [where for where, _ in shown()]
    assert len({where for where in found if where.endswith("--help")}) >= 20
    assert {"README.md", "Makefile", "site_src/pages/reproduce.md"} < set(found)


@pytest.mark.parametrize(("where", "line"), list(shown()))
def test_a_command_that_is_shown_can_be_parsed(where: str, line: str) -> None:
    words = shlex.split(re.split(r" [>|&]", line)[0], comments=True)
    command: Command = typer.main.get_command(app)
    rest = words[1:]
    while isinstance(command, TyperGroup) and rest:
        command, rest = within(command, rest[0]), rest[1:]
    command.make_context(where, rest)
