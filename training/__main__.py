"""`python -m training`: the commands that train, for launchers that want a module."""

from training.cli.main import app

app()
