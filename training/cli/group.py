"""A group of commands that are imported when they are called, so that `--help` and completion need none of them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from training.cli.errors import handler, needs, remember
from training.cli.extras import DISTRIBUTION
from training.cli.streams import prepare


class Entry(NamedTuple):
    """A command that is not imported yet."""

    target: str
    """`module:name` of a function, or of a `typer.Typer` with commands of its own."""
    help: str
    """The first line of its help."""
    extras: tuple[str, ...] = ()
    """The optional dependencies that it needs to run, though not to print its help."""
    panel: str | None = None
    """The heading under which the group lists it."""

    def load(self, name: str) -> Any:  # noqa: ANN401 - a command of the click that typer carries, which is private
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        found: Callable[..., None] | typer.Typer = getattr(importlib.import_module(module), attribute)
        if isinstance(found, typer.Typer):
            command = get_command(found)
        else:
            alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            alone.command(name)(found)
            command = get_command(alone)
        command.name = name
        return command


class LazyGroup(TyperGroup):
    """Lists its entries without importing them, and handles every command's errors."""

    entries: ClassVar[Mapping[str, Entry]] = {}

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - typer's own
        super().__init__(**settings)
        for name, entry in self.entries.items():
            self.add_command(TyperCommand(name, help=entry.help, rich_help_panel=entry.panel))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        """Parse the group's own options, of which --help and --version print."""
        prepare()
        remember(ctx, args)
        with handler(ctx):
            return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:  # noqa: ANN401
        """The command that the arguments name, imported."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and name in self.entries:
            needs(ctx, self.entries[name].extras)
            command = self.entries[name].load(name)
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Run a command; what it raises becomes a message and an exit code."""
        with handler(ctx):
            return super().invoke(ctx)


def application(name: str, entries: Mapping[str, Entry], description: str) -> typer.Typer:
    """A command line with these commands."""
    group = type(name, (LazyGroup,), {"entries": entries})
    app = typer.Typer(
        name=name, cls=group, no_args_is_help=True, pretty_exceptions_enable=False, help=description,
        context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    app.callback()(_options)
    return app


def _print_version(wanted: bool) -> None:
    """Print the version and exit, where it is asked for."""
    if wanted:
        from importlib.metadata import version

        typer.echo(version(DISTRIBUTION))
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options of the whole command line."""
