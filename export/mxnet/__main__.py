"""`python -m export.mxnet`: the command `convert-mxnet` alone."""

import sys

from training.cli.group import Entry, application

NAME = "convert-mxnet"

app = application("Convert", {NAME: Entry("export.mxnet.cli:convert_mxnet_command", "", ("export",))}, "")

if __name__ == "__main__":
    app([NAME, *sys.argv[1:]], prog_name="python -m export.mxnet")
