"""The commands `data list`, `data fetch`, `data verify` and `data where`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from training.cli.common import AsJson, DataDir, show
from training.cli.errors import complain, resumable

if TYPE_CHECKING:
    from training.data.inventory import Entry

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="List, download, check and locate data sets.",
)  # fmt: skip
Lock = Annotated[
    Path | None,
    typer.Option(
        "--lock", envvar="BACKDOORS_LOCK", show_default="data.lock.json in the cache",
        help="File that pins the checksums of files whose publisher gives none.",
    ),
]  # fmt: skip


@app.command("list")
def list_command(data: DataDir = None, as_json: AsJson = False) -> None:
    """List all data sets and files, and whether each is already on this machine.

    Example: backdoors data list
    """
    from training.data import inventory

    found = inventory.entries(data).values()
    if as_json:
        typer.echo(json.dumps([_described(each) for each in found], indent=2))
        return
    for each in found:
        show(f"{each.name:30} {each.kind:9} {each.state:15} {each.what.title}")


def _described(entry: Entry) -> dict[str, Any]:
    from training.data.fetch.download import shown

    return {
        "name": entry.name,
        "title": entry.what.title,
        "kind": entry.kind,
        "state": entry.state,
        "path": str(entry.place) if entry.place else None,
        "address": entry.what.address,
        "licence": entry.what.licence,
        "files": {
            item.name: {"addresses": [shown(at) for at in item.addresses], "sha256": item.sha256}
            for item in entry.items
        },
    }


@app.command("fetch")
def fetch_command(
    ctx: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Names from `backdoors data list`.")],
    lock: Lock = None,
    accept_change: Annotated[
        bool, typer.Option("--accept-change", help="Accept and pin a file that has changed since it was pinned.")
    ] = False,
) -> None:
    """Download data sets into the cache, verify their checksums and unpack them.

    Verified files are not downloaded again, and an interrupted download is resumed.

    Example: backdoors data fetch mnist
    """
    from training.data import inventory
    from training.data.fetch.pins import Pins

    resumable(ctx)
    pins = Pins(lock)
    wanted = [inventory.find(name, None) for name in names]
    for each in wanted:
        place = each.fetch_again(pins) if accept_change else each.fetch(pins)
        show(f"{each.name}: {place or 'bundled with a library'}")


@app.command("verify")
def verify_command(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Names from `backdoors data list`.", show_default="all on this machine"),
    ] = None,
    data: DataDir = None,
    lock: Lock = None,
) -> None:
    """Check the data on this machine: files by their checksums, class folders by reading every image.

    Exits with 1 if anything is wrong.

    Example: backdoors data verify mnist
    """
    from training.data import inventory
    from training.data.fetch.pins import Pins

    pins = Pins(lock)
    wanted = (
        [inventory.find(name, data) for name in names]
        if names
        else [each for each in inventory.entries(data).values() if each.place is not None]
    )
    checks = [check for each in wanted for check in each.verify(pins)]
    for check in checks:
        show(f"{'ok   ' if check.good else 'WRONG'} {check.path}: {check.said}")
    wrong = sum(not check.good for check in checks)
    if wrong:
        complain(f"{wrong} of {len(checks)} checks failed")
        raise typer.Exit(1)
    show(f"{len(checks)} checked" if checks else "nothing to check: fetch a data set, or name a folder with --data")


@app.command("where")
def where_command(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A name from `backdoors data list`.", show_default="the cache itself"),
    ] = None,
    data: DataDir = None,
) -> None:
    """Print the folder of a data set, or where downloads and pinned checksums are kept.

    Example: backdoors data where mnist
    """
    from training.data import inventory
    from training.data.base import DataError, cache_dir
    from training.data.fetch.pins import default_path

    if name is None:
        show(f"cache  {cache_dir()}")
        show(f"lock   {default_path()}")
        show(f"data   {data or 'no folder provided'}")
        return
    each = inventory.find(name, data)
    if each.bundled:
        show("bundled with a library")
    elif each.place is not None:
        show(each.place)
    else:
        raise DataError(f"{name} is {each.state}" + (f": backdoors data fetch {name}" if each.items else ""))
