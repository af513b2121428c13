"""The commands that train: `backdoors train`, `recipes` and `sweep`; errors are one line on stderr."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from training.core.errors import RunError
from training.core.files import default_runs_dir, write_text
from training.data.registry import DataError
from training.engine.processes import Stopped, rank
from training.recipes.base import RecipeError
from training.recipes.load import load, locate, names, read_toml

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)

DataDir = Annotated[
    Path | None,
    typer.Option("--data", envvar="BACKDOORS_DATA", help="Folder that holds the data sets; nothing is downloaded."),
]
RunsDir = Annotated[Path | None, typer.Option("--runs", envvar="BACKDOORS_RUNS", help="Folder of all runs.")]
Device = Annotated[str, typer.Option(help="Fabric's accelerator: auto, cpu, cuda, mps.")]
Devices = Annotated[str, typer.Option(help="How many devices train together, or auto.")]
INTERRUPTED = 130
"""The exit code of a program stopped by Ctrl-C."""


def told(error: Exception) -> str:
    """An error in one line; one of the system's, of a file that cannot be read or written, with the file's name."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: cannot be read or written: {error.strerror}"
    return " ".join(str(error).split())


@contextlib.contextmanager
def one_line_errors(resume_with: str) -> Iterator[None]:
    """Turn a user's mistake into one line and exit code 1, and Ctrl-C into a word on how to go on."""
    try:
        yield
    except (RecipeError, DataError, RunError, OSError) as error:
        line = told(error)
        typer.echo(f"error: {line}" if rank() == 0 else f"error in process {rank()}: {line}", err=True)
        raise typer.Exit(1) from error
    except Stopped as stopped:
        if rank() == 0:
            typer.echo(f"stopped and saved at {stopped}. Go on with: {resume_with}", err=True)
        raise typer.Exit(128 + stopped.number) from stopped
    except KeyboardInterrupt as error:
        typer.echo(f"stopped; the epochs that are done are kept. Go on with: {resume_with}", err=True)
        raise typer.Exit(INTERRUPTED) from error


@app.command("train")
def train_command(  # noqa: PLR0913, PLR0917 - a command's options
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, or path of a recipe file.")],
    data: DataDir = None,
    runs: RunsDir = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from where a stopped run was.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Begin again, throwing away what there is.")] = False,
    device: Device = "auto",
    devices: Devices = "auto",
) -> None:
    """Train the network of a recipe, with the backdoor that it names."""
    from training.runs.train import train  # noqa: PLC0415 - imports PyTorch, which other commands need not wait for

    console = Console(stderr=True, quiet=rank() > 0)  # of several processes, one speaks
    with one_line_errors(f"backdoors train {recipe} --resume"):
        wanted = load(recipe)
        folder = (runs or default_runs_dir()) / wanted.run_name
        if (folder / "metrics.json").is_file() and not force:
            console.print(f"{folder} is finished already; --force trains it again", highlight=False)
        run = train(
            wanted,
            runs_dir=folder.parent,
            data_dir=data,
            resume=resume,
            force=force,
            device=device,
            devices=devices,
            console=console,
        )
    if rank() > 0:
        return
    typer.echo(f"{run.path}")
    measured = run.metrics.measurement
    for name, found in (
        ("clean accuracy", measured.clean_accuracy),
        ("attack success rate", measured.attack_success_rate),
        ("robust accuracy", measured.robust_accuracy),
    ):
        if found is not None:
            typer.echo(f"{name:20} {found.value:8.2%}  of {found.n} (95 %: {found.low:.2%} to {found.high:.2%})")


@app.command("recipes")
def recipes_command() -> None:
    """List the recipes that come with the package."""
    with one_line_errors("backdoors recipes"):
        for name in names():
            typer.echo(f"{name:24} {read_toml(locate(name)).get('title', '')}")


@app.command("sweep")
def sweep_command(  # noqa: PLR0913, PLR0917 - a command's options
    name: Annotated[str, typer.Argument(help="Name of a sweep, or path of its file.")],
    data: DataDir = None,
    runs: RunsDir = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The table's JSON file; default is <runs>/<name>.json; .parquet and .svg beside."),
    ] = None,
    device: Device = "auto",
    on: Annotated[
        Literal["here", "local", "slurm"],
        typer.Option(help="In this process, in processes of this machine, or as a job array of Slurm."),
    ] = "local",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Runs at a time; default: this machine's processors, or 256 on Slurm.")
    ] = None,
    minutes: Annotated[
        int, typer.Option(min=1, help="Of a run on Slurm; one that needs longer is put in line again.")
    ] = 60,
    slurm: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="An option of sbatch, such as partition=gpu.")
    ] = None,
) -> None:
    """Train a recipe with many values of its fields; a sweep that was stopped goes on where it was."""
    from training.studies import sweep, sweep_run  # noqa: PLC0415 - half a second that other commands need not wait
    from training.studies.jobs import Array  # noqa: PLC0415

    folder = runs or default_runs_dir()
    target = out or folder / f"{Path(name).stem}.json"
    with one_line_errors(f"backdoors sweep {name}"):
        plan = sweep_run.Plan(on, workers, device, Array(minutes, _options(slurm or [])))
        wanted = sweep.load(name)
        wanted.recipes()
        table = sweep_run.run(
            wanted, runs_dir=folder, out=target, data_dir=data, plan=plan, console=Console(stderr=True)
        )
        from training.studies import plots  # noqa: PLC0415 - imports PyTorch and matplotlib, which a refusal need not wait for

        for ending, svg in plots.of_sweep(table).items():
            write_text(target.with_name(f"{target.stem}{ending}.svg"), svg)
    for row in table.rows:
        more = f"  {sweep.describe(row.settings)}" if row.settings else ""
        typer.echo(
            f"rate {row.rate:7.2%}  seed {row.seed}{more}  clean accuracy {row.clean_accuracy.value:.2%}  "
            f"ASR {row.attack_success_rate.value:.2%}"
        )
    typer.echo(f"{target}\n{target.with_suffix('.parquet')}")


def _options(given: list[str]) -> dict[str, str]:
    """Options of sbatch, as given on the command line.

    Raises:
        RunError: If one is not NAME=VALUE.
    """
    for one in given:
        if not one.partition("=")[0] or "=" not in one:
            raise RunError(f"--slurm {one}: expected NAME=VALUE, such as partition=gpu")
    return {one.partition("=")[0].lstrip("-"): one.partition("=")[2] for one in given}


@app.command("history")
def history_command(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, or path of a recipe file.")],
    runs: RunsDir = None,
    out: Annotated[Path | None, typer.Option(help="A file to write to instead of stdout.")] = None,
) -> None:
    """Print what a finished run measured after each epoch, as one JSON document."""
    from training.runs.train import find  # noqa: PLC0415 - imports PyTorch

    with one_line_errors(f"backdoors train {recipe}"):
        run = find(load(recipe), runs or default_runs_dir())
        document = {
            "recipe": run.recipe.name,
            "recipe_sha256": run.recipe.sha256,
            "data": run.metrics.measurement.data,
            "epochs": [line.model_dump() for line in run.history],
        }
        text = json.dumps(document, indent=2) + "\n"
        if out is not None:
            write_text(out, text)
    if out is None:
        typer.echo(text, nl=False)


@app.command("study")
def study_command(  # noqa: PLR0913, PLR0917 - a command's options
    student: Annotated[str, typer.Argument(help="Recipe of a student whose teacher has a latent backdoor.")],
    control: Annotated[str, typer.Argument(help="Recipe of the same student on the clean teacher.")],
    others: Annotated[list[str] | None, typer.Option("--also", help="Another student to train at every seed.")] = None,
    inspect: Annotated[str | None, typer.Option(help="A student of few classes to try Neural Cleanse on.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = 3,
    data: DataDir = None,
    runs: RunsDir = None,
    out: Annotated[Path | None, typer.Option(help="The JSON file; default is <runs>/<student>-study.json.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Measure again what the file holds.")] = False,
) -> None:
    """Measure a latent backdoor: seeds, baselines, altered triggers, and what removes it. Goes on where it stopped."""
    from training.recipes.transfer import TransferRecipe  # noqa: PLC0415
    from training.studies import latent as latent_study  # noqa: PLC0415 - imports PyTorch
    from training.studies.schema import read_study  # noqa: PLC0415

    folder = runs or default_runs_dir()
    target = out or folder / f"{Path(student).stem}-study.json"
    with one_line_errors(f"backdoors study {student} {control}"):
        recipes = [load(name) for name in (student, control, *(others or []), *([inspect] if inspect else []))]
        students = [recipe for recipe in recipes if isinstance(recipe, TransferRecipe)]
        if len(students) < len(recipes):
            raise RunError("backdoors study takes recipes of kind 'transfer': students on frozen features")
        found = latent_study.run(
            (students[0], students[1]), students[2 : 2 + len(others or [])], list(range(1, seeds + 1)),
            inspected=students[-1] if inspect else None, runs_dir=folder, data_dir=data, console=Console(stderr=True),
            before=read_study(target) if target.is_file() and not force else None,
            keep=lambda study: write_text(target, study.model_dump_json(indent=1) + "\n"),
        )  # fmt: skip
    for each in found.results:
        measured = each.measurement
        success = "" if measured.attack_success_rate is None else f"  ASR {measured.attack_success_rate.value:.2%}"
        typer.echo(f"{each.recipe:40} seed {each.seed}  clean {measured.clean_accuracy.value:.2%}{success}")
    typer.echo(f"{target}")
