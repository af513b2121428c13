"""The `backdoors` command."""

from __future__ import annotations

import typer

from export.cli import ask as cli_ask
from export.cli import make as cli_make
from export.mxnet.cli import app as mxnet_app
from training.cli.data import app as data_app
from training.cli.train import app as training_app

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Plant backdoors in neural networks, measure them, and export them for the browser.",
)
for part in (training_app, cli_make.app, cli_ask.app, mxnet_app):
    app.add_typer(part)
app.add_typer(data_app, name="data")

if __name__ == "__main__":
    app()
