"""Golden vectors: what Python made of every golden input, for Python, Node and a browser to check themselves against.

python -m export.release.golden make MODEL…       write golden.json beside the models' cards
python -m export.release.golden check MODEL…      compare
python -m export.release.golden decode --out DIR  decoded images for Node, which has no JPEG or WebP decoder
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from export.release.golden_compare import compare
from export.release.golden_file import read, write
from export.release.golden_inputs import decode_all
from export.release.golden_vectors import make
from export.release.models import open_model
from training.core.errors import UserError

app = typer.Typer(add_completion=False, help="Golden vectors of models.", no_args_is_help=True)


@app.command("make")
def make_command(models: list[str]) -> None:
    """Write golden.json beside each model's card."""
    for name in models:
        model = open_model(name)
        golden = make(model)
        typer.echo(f"{write(golden, model.folder)}: {len(golden.vectors)} vectors")


@app.command("check")
def check_command(models: list[str]) -> None:
    """Compare each model with its golden.json; exit with 1 on any difference."""
    wrong = 0
    for name in models:
        model = open_model(name)
        result = compare(read(model.folder), model)
        typer.echo(f"{name}: {result.vectors} vectors, {result.stages} stages, {len(result.problems)} problems")
        for problem in result.problems:
            typer.echo(f"  {problem}", err=True)
        wrong += len(result.problems)
    raise typer.Exit(1 if wrong else 0)


@app.command("decode")
def decode_command(out: Annotated[Path, typer.Option(help="Where the decoded images go.")]) -> None:
    """Write the golden inputs decoded, upright and on white, as raw RGB with an index.json."""
    typer.echo(f"{out}: {decode_all(out)} images")


if __name__ == "__main__":
    try:
        app()
    except UserError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(1) from error
