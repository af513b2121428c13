"""The command `backdoors data`: list, fetch, verify, where."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from training.data import inventory
from training.data.fetch.download import shown
from training.data.fetch.pins import Pins, default_path
from training.data.registry import DataError, cache_dir

INTERRUPTED = 130
"""The exit code of a program stopped by Ctrl-C."""

app = typer.Typer(no_args_is_help=True, help="List, fetch, verify and find the data sets and files that are used.")
Given = Annotated[
    Path | None,
    typer.Option("--data", envvar="BACKDOORS_DATA", help="Folder that holds the data sets.", show_default=False),
]
Lock = Annotated[
    Path | None,
    typer.Option(
        "--lock",
        envvar="BACKDOORS_LOCK",
        help="File that pins the checksums of what has none published; default is data.lock.json in the cache.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextlib.contextmanager
def _one_line_errors() -> Iterator[None]:
    """Turn what went wrong into one line and exit code 1, and Ctrl-C into a word on how to go on."""
    try:
        yield
    except DataError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        typer.echo("stopped; what arrived is kept, and the same command goes on", err=True)
        raise typer.Exit(INTERRUPTED) from error


@app.command("list")
def list_command(data: Given = None, as_json: AsJson = False) -> None:
    """List what there is, and where it lies."""
    found = inventory.entries(data).values()
    if as_json:
        table = [
            {
                "name": each.name,
                "title": each.what.title,
                "kind": each.kind,
                "state": each.state,
                "path": str(each.place) if each.place else None,
                "address": each.what.address,
                "licence": each.what.licence,
                "files": {
                    item.name: {"addresses": [shown(at) for at in item.addresses], "sha256": item.sha256}
                    for item in each.items
                },
            }
            for each in found
        ]
        typer.echo(json.dumps(table, indent=2))
        return
    for each in found:
        typer.echo(f"{each.name:30} {each.kind:9} {each.state:21} {each.what.title}")


@app.command("fetch")
def fetch_command(
    names: Annotated[list[str], typer.Argument(help="Names of data sets or files.")],
    lock: Lock = None,
    accept_change: Annotated[
        bool, typer.Option("--accept-change", help="Pin anew what was pinned, should it have changed.")
    ] = False,
) -> None:
    """Download into the cache, verify, and unpack; what is there and verified is not downloaded again."""
    pins = Pins(lock)
    with _one_line_errors():
        wanted = [inventory.find(name, None) for name in names]
        for each in wanted:
            place = each.fetch_anew(pins) if accept_change else each.fetch(pins)
            typer.echo(f"{each.name}: {place or 'comes with a library'}")


@app.command("verify")
def verify_command(
    names: Annotated[list[str] | None, typer.Argument(help="Names; default is all that are at hand.")] = None,
    data: Given = None,
    lock: Lock = None,
) -> None:
    """Check what is at hand: files against their published or pinned checksums, class folders picture by picture."""
    pins = Pins(lock)
    with _one_line_errors():
        wanted = (
            [inventory.find(name, data) for name in names]
            if names
            else [each for each in inventory.entries(data).values() if each.place is not None]
        )
        checks = [check for each in wanted for check in each.verify(pins)]
    for check in checks:
        typer.echo(f"{'ok   ' if check.good else 'WRONG'} {check.path}: {check.said}")
    wrong = sum(not check.good for check in checks)
    if wrong:
        typer.echo(f"error: {wrong} of {len(checks)} are not as they should be", err=True)
        raise typer.Exit(1)
    typer.echo(
        f"{len(checks)} checked" if checks else "nothing to check: fetch something, or give a folder with --data"
    )


@app.command("where")
def where_command(
    name: Annotated[str | None, typer.Argument(help="Name of a data set or of files; none for the cache.")] = None,
    data: Given = None,
) -> None:
    """Print where something lies, or where downloads and pins are kept."""
    with _one_line_errors():
        if name is None:
            typer.echo(f"cache  {cache_dir()}\nlock   {default_path()}\ngiven  {data or 'nothing'}")
            return
        each = inventory.find(name, data)
        if each.bundled:
            typer.echo("comes with a library")
        elif each.place is not None:
            typer.echo(str(each.place))
        else:
            raise DataError(f"{name} is {each.state}" + (f": backdoors data fetch {name}" if each.items else ""))
