from __future__ import annotations

import signal
import sys
from collections.abc import Callable

import pytest
import typer
from typer.testing import CliRunner, Result

from training.cli import extras
from training.cli.errors import complain, resumable
from training.cli.group import Entry, application
from training.core.errors import RunError
from training.engine.processes import Stopped


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], Result]:
    """Calls a command that raises."""

    def call(error: BaseException, *needed: str) -> Result:
        def fail(ctx: typer.Context, runs: str = "", *, resume: bool = False, force: bool = False) -> None:  # noqa: ARG001
            """Fail."""
            resumable(ctx, "--resume")
            raise error

        monkeypatch.setattr(sys.modules[__name__], "fail", fail, raising=False)
        entries = {"fail": Entry(f"{__name__}:fail", "Fail.", needed)}
        return CliRunner().invoke(application("Failing", entries, ""), ["fail", "--force", "--runs", "my runs"])

    return call


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (RunError("no such\n  run"), 1, "error: no such run"),
        (RunError("[red]class[/red] \x1b[2J\u202egnp"), 1, r"error: [red]class[/red] \x1b[2J\u202egnp"),
        (PermissionError(13, "Denied", "/x.json"), 1, "error: /x.json: cannot be read or written: Denied"),
        (OSError("odd"), 1, "error: odd"),
        (KeyboardInterrupt(), 130, "stopped; resume with: backdoors fail --runs 'my runs' --resume"),
        (
            Stopped(signal.SIGTERM, "epoch 1 of 3"), 128 + signal.SIGTERM,
            "stopped and saved at epoch 1 of 3; resume with: backdoors fail --runs 'my runs' --resume",
        ),
    ],
)  # fmt: skip
def test_what_a_user_can_mend_is_one_line_and_an_exit_code(
    run: Callable[..., Result], error: BaseException, code: int, line: str
) -> None:
    result = run(error)
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", f"{line}\n")


@pytest.mark.parametrize("error", [ValueError("ours"), ModuleNotFoundError("x", name="no_such_package")])
def test_a_mistake_of_ours_keeps_its_traceback(run: Callable[..., Result], error: Exception) -> None:
    assert run(error).exception is error


def test_a_missing_extra_is_named_with_the_way_to_install_it(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(extras.PACKAGES, "export", ("no_such_package",))
    result = run(ModuleNotFoundError("x", name="no_such_package.inside"), "export", "report")
    assert result.exit_code == 1
    assert result.stderr == (
        "error: 'backdoors fail' needs the extra 'export': pip install \"backdoors-in-neural-networks[export]\"\n"
    )


def test_of_several_processes_each_error_says_whose_it_is(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RANK", "3")
    assert run(RunError("no")).stderr == "error in process 3: no\n"
    assert run(Stopped(15, "here")).stderr == ""
    complain("\x07")
    assert capsys.readouterr().err == "error in process 3: \\x07\n"
