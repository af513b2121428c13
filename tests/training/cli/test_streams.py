from __future__ import annotations

import os
import subprocess
import sys

import pytest

CLOSED, FULL, UNREAD = '"$@" >&-', '"$@" >/dev/full', 'exec 3>&1; { "$@"; echo $? >&3; } | true'
OPENED = """
from training.cli.streams import prepare
prepare()
print(open("/dev/null").fileno() > 2)
"""


def run(redirected: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python with its streams buffered, as users have them, and redirected by the shell."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = ["bash", "-c", redirected, "bash", sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", [["--version"], ["recipes"]], ids=" ".join)
@pytest.mark.parametrize(("redirected", "why"), [(CLOSED, "Bad file descriptor"), (FULL, "No space left on device")])
def test_output_that_cannot_be_written_is_an_error_of_one_line(command: list[str], redirected: str, why: str) -> None:
    done = run(redirected, "-m", "training", *command)
    assert (done.returncode, done.stderr) == (1, f"error: standard output: {why}\n")


def test_a_reader_who_has_read_enough_ends_a_command_quietly() -> None:
    done = run(UNREAD, "-m", "training", "recipes")
    assert (done.stdout, done.stderr) == ("1\n", "")


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_no_file_takes_the_number_of_a_closed_stream(closed: str) -> None:
    assert run(f'"$@" {closed}', "-c", OPENED).stdout == "True\n"
