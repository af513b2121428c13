"""The command `defend`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from training.cli.common import AsJson, DataDir, Device, RunsDir, interval, percent, show
from training.cli.errors import resumable

if TYPE_CHECKING:
    from training.defences.base import Defence, Subject
    from training.studies.schema import Cell, Defences

Open = Callable[[str, Path, Path | None, str], "Subject"]
"""From what the user named, the folder of runs, the folder with the data and a device to a subject."""
SUBJECT = "A trained recipe's name or file, the folder of a run, or a model's id, folder or .onnx file."
COLUMNS = ("defence", "network", "seed", "finding", "value", "95 % interval", "n", "seconds")


def command(open_subject: Open) -> Callable[..., None]:
    """The command, for subjects that `open_subject` opens."""

    def defend_command(  # noqa: PLR0913, PLR0917 - a command's options
        ctx: typer.Context,
        subject: Annotated[str, typer.Argument(metavar="SUBJECT", help=SUBJECT)],
        defences: Annotated[
            list[str] | None, typer.Option("--with", help="A defence's name; may be repeated.", show_default="all")
        ] = None,
        control: Annotated[
            str | None, typer.Option(help="A clean network made in the same way, to measure as well.")
        ] = None,
        seeds: Annotated[
            list[int] | None, typer.Option("--seed", min=0, help="A seed; may be repeated.", show_default="0")
        ] = None,
        given: Annotated[
            list[str] | None,
            typer.Option("--set", metavar="DEFENCE.NAME=VALUE", help="A setting of a defence; may be repeated."),
        ] = None,
        data: DataDir = None,
        runs: RunsDir = None,
        device: Device = "auto",
        out: Annotated[
            Path | None, typer.Option(show_default="RUNS/defences/SUBJECT.json", help="JSON file for the results.")
        ] = None,
        force: Annotated[bool, typer.Option("--force", help="Start over and replace the results in the file.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Measure defences against a backdoor, on a network and on its clean control.

        Each result is saved when it is measured: run the command again to resume, or to add defences and seeds.

        Example: backdoors defend digits-badnet --with fine-tuning --control digits-clean
        """
        from training.core.console import stderr_console, stdout_console, table
        from training.core.files import default_runs_dir, write_text
        from training.studies import defences as study

        folder = runs or default_runs_dir()
        chosen = _chosen(defences, given or [])
        resumable(ctx)
        opened = [open_subject(name, folder, data, device) for name in (subject, control) if name is not None]
        target = out or folder / "defences" / f"{opened[0].name}.json"
        console = stderr_console()
        with study.results(target, console, force=force) as before:
            found = study.run(
                opened, chosen, seeds or [0], console=console, before=before,
                keep=lambda so_far: write_text(target, so_far.model_dump_json(indent=1) + "\n"),
            )  # fmt: skip
        if as_json:
            typer.echo(json.dumps(found.model_dump(mode="json"), indent=2))
            return
        stdout_console().print(table(*COLUMNS, rows=list(_rows(found, opened[0].sha256))))
        show(target)

    return defend_command


def _chosen(names: list[str] | None, given: list[str]) -> list[Defence[Any]]:
    """The defences of those names with the given settings; all of them without a name, or for `all`.

    Raises:
        DefenceError: If there is no such defence or setting.
    """
    from training.defences.base import DefenceError
    from training.defences.registry import DEFENCES, find

    wanted = list(DEFENCES) if not names or "all" in names else list(dict.fromkeys(names))
    chosen = {name: find(name) for name in wanted}
    for one in given:
        path, equals, value = one.partition("=")
        name, dot, setting = path.partition(".")
        if not (equals and dot):
            raise DefenceError(f"--set {one}: expected DEFENCE.NAME=VALUE, such as fine-tuning.epochs=10")
        if name not in chosen:
            raise DefenceError(f"--set {one}: {name} is not among the chosen defences {', '.join(chosen)}")
        chosen[name] = chosen[name].with_settings({setting: value})
    return list(chosen.values())


def _rows(found: Defences, sha256: str) -> Iterator[list[str]]:
    """The cells of a network, each followed by its clean control's."""
    for cell in found.cells_of(sha256):
        yield from _lines(cell, found)
        beside = found.beside(cell)
        if beside is not None:
            yield from _lines(beside, found)


def _lines(cell: Cell, found: Defences) -> Iterator[list[str]]:
    """One line for each finding of a cell; a single one with the reason if there is none."""
    network = found.network(cell.network)
    head = [cell.defence, network.name if network else cell.network[:12], str(cell.seed)]
    seconds = f"{cell.seconds:.1f}"
    if cell.verdict is None:
        yield [*head, cell.status.replace("-", " "), cell.reason or "", "", "", seconds]
        return
    for name, value in cell.verdict.findings:
        shown = [value, "", ""] if isinstance(value, str) else [percent(value), interval(value), f"{value.n:,}"]
        yield [*head, name, *shown, seconds]
        head, seconds = ["", "", ""], ""


def open_run(name: str, runs_dir: Path, data_dir: Path | None, device: str) -> Subject:
    """The subject of a finished run, named as `training.runs.store.find_named` takes it.

    Raises:
        UserError: If there is no such run.
    """
    from training.runs.store import find_named
    from training.studies.subject import of_run

    return of_run(find_named(name, runs_dir), data_dir=data_dir, device=device)


defend_command = command(open_run)
