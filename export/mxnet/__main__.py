"""`python -m export.mxnet`: the command `convert-mxnet` alone, which starts without PyTorch."""

from export.mxnet.cli import app

app()
