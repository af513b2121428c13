"""The one place where errors become messages and exit codes; no command catches a user's mistake itself.

Exit codes: 0 success, 1 a user's mistake, a failed check or output that could not be written, 2 wrong usage (typer's),
130 Ctrl-C, 128 + n signal n.
"""

from __future__ import annotations

import contextlib
import errno
import json
import shlex
from collections.abc import Iterator, Sequence

import typer

from training.cli.extras import explain
from training.cli.streams import give_up_stdout
from training.core.errors import UserError
from training.core.text import one_line
from training.engine.processes import Stopped, rank

USER_ERROR = 1
INTERRUPTED = 130
SIGNALLED = 128
"""Added to a signal's number."""
JSON = "--json"
"""The option by which programs ask: they read an error from stdout, too."""
FORCE = "--force"
"""The option that starts over; not part of a command that resumes."""
_ARGUMENTS = "training.cli.arguments"
_RESUME = "training.cli.resume"
_EXTRAS = "training.cli.extras"


@contextlib.contextmanager
def handler(context: typer.Context) -> Iterator[None]:
    """Turn a user's mistake into one line on stderr and exit code 1, and an interruption into how to resume.

    A command that prints JSON also prints the mistake as JSON: `{"error": "…"}`.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.EPIPE:  # `backdoors models | head`; typer ends quietly with 1, as rich does
            raise
        _fail(context, f"standard output: {error.strerror}" if give_up_stdout() else _of_system(error), error)
    except UserError as error:
        _fail(context, error, error)
    except ModuleNotFoundError as error:
        line = explain(error.name or "", _typed(context), context.meta.get(_EXTRAS, ()))
        if line is None:
            raise
        _fail(context, line, error)
    except Stopped as stopped:
        if rank() == 0:
            typer.echo(one_line(f"stopped and saved at {stopped}{_resume_hint(context)}"), err=True)
        raise typer.Exit(SIGNALLED + stopped.number) from stopped
    except KeyboardInterrupt as error:
        typer.echo(one_line(f"stopped{_resume_hint(context)}"), err=True)
        raise typer.Exit(INTERRUPTED) from error


def remember(context: typer.Context, arguments: Sequence[str]) -> None:
    """Keep what the user typed after `backdoors`, for `resumable`."""
    context.meta[_ARGUMENTS] = tuple(arguments)


def resumable(context: typer.Context, *flags: str) -> None:
    """Say that the same command continues an interrupted one, with `flags`; the user reads it then."""
    typed = [word for word in context.meta[_ARGUMENTS] if word not in {FORCE, *flags}]
    context.meta[_RESUME] = shlex.join(["backdoors", *typed, *flags])


def needs(context: typer.Context, extras: tuple[str, ...]) -> None:
    """Name the extras that the command needs; the user reads them if one is not installed."""
    context.meta[_EXTRAS] = extras


def complain(problem: object) -> None:
    """Print a problem as one line on stderr; for commands that report several and then exit."""
    where = f" in process {rank()}" if rank() else ""
    typer.echo(f"error{where}: {one_line(problem)}", err=True)


def _fail(context: typer.Context, problem: object, cause: Exception) -> None:
    complain(problem)
    if JSON in context.meta[_ARGUMENTS] and rank() == 0:
        with contextlib.suppress(OSError):  # that stdout cannot be written may be the problem
            typer.echo(json.dumps({"error": one_line(problem)}, indent=2))
    raise typer.Exit(USER_ERROR) from cause


def _of_system(error: OSError) -> object:
    """An error of the system with the name of the file, where it has one."""
    if error.filename is not None and error.strerror:
        return f"{error.filename}: cannot be read or written: {error.strerror}"
    return error


def _resume_hint(context: typer.Context) -> str:
    command = context.meta.get(_RESUME)
    return f"; resume with: {command}" if command else ""


def _typed(context: typer.Context) -> str:
    """The command as typed: group and subcommand, without arguments."""
    return f"backdoors {context.invoked_subcommand or ''}".strip()
