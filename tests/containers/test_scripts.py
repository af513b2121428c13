"""The scripts that the images run, on the plain machine; what they call is a stand-in that tells how it was called."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "containers"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[..., Path]:
    """Makes commands that print their name, arguments and some variables."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def make(name: str, *more: str, place: Path = folder) -> Path:
        place.mkdir(parents=True, exist_ok=True)
        path = place / name
        lines = ["#!/bin/sh", f'echo "{name} $*"', 'echo "data=${BACKDOORS_DATA-none} in $(pwd)"', *more]
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(script: str, *arguments: object, **variables: object) -> subprocess.CompletedProcess[str]:
        usual = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path)}
        for name in ("runs", "cache", "data"):
            (tmp_path / name).mkdir(exist_ok=True)
        usual |= {
            "BACKDOORS_RUNS": f"{tmp_path}/runs",
            "BACKDOORS_CACHE": f"{tmp_path}/cache",
            "DATA": f"{tmp_path}/data",
        }
        return subprocess.run(
            [FOLDER / script, *map(str, arguments)],
            env=usual | {name: str(value) for name, value in variables.items()},
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            timeout=60,
        )

    return call


def test_train_hands_its_arguments_on_and_sees_mounted_data(
    run: Run, stand_in: Callable[..., Path], tmp_path: Path
) -> None:
    stand_in("backdoors")
    assert run("train.sh", "train", "a b").stdout.splitlines()[:2] == ["backdoors train a b", f"data=none in {ROOT}"]
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "mnist").mkdir()
    assert f"data={tmp_path}/data" in run("train.sh", "x").stdout
    assert "data=/elsewhere" in run("train.sh", "x", BACKDOORS_DATA="/elsewhere").stdout


def test_train_gives_the_exit_code_of_the_command(run: Run, stand_in: Callable[..., Path]) -> None:
    stand_in("backdoors", "exit 7")
    assert run("train.sh", "x").returncode == 7


@pytest.mark.parametrize("name", ["BACKDOORS_RUNS", "BACKDOORS_CACHE"])
def test_train_tells_in_a_line_what_cannot_be_written(run: Run, stand_in: Callable[..., Path], name: str) -> None:
    stand_in("backdoors")
    result = run("train.sh", "x", **{name: "/nowhere"})
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: /nowhere cannot be written by user")
    assert result.stderr.count("\n") == 1


def test_train_runs_the_real_command_line(run: Run) -> None:
    result = run("train.sh", "recipes", PATH=f"{Path(sys.executable).parent}:/usr/bin:/bin")
    assert result.returncode == 0, result.stderr
    assert "digits-badnet" in result.stdout


def test_lab_copies_the_notebooks_once_and_starts_jupyter(
    run: Run, stand_in: Callable[..., Path], tmp_path: Path
) -> None:
    stand_in("jupyter")
    project = tmp_path / "project"
    (project / "export" / "notebooks").mkdir(parents=True)
    (project / "export" / "notebooks" / "a.ipynb").write_text("ours")
    result = run("lab.sh", PROJECT=project, PORT=1234)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("jupyter lab --no-browser --ip=0.0.0.0 --port=1234 ")
    copy = tmp_path / "runs" / "notebooks" / "a.ipynb"
    assert copy.read_text() == "ours"
    copy.write_text("the reader's")
    run("lab.sh", PROJECT=project)
    assert copy.read_text() == "the reader's"


@pytest.mark.parametrize(("token", "taken"), [("", False), ("short", False), ("x" * 16, True)])
def test_lab_takes_no_token_that_is_easily_guessed(
    run: Run, stand_in: Callable[..., Path], token: str, taken: bool
) -> None:
    stand_in("jupyter")
    result = run("lab.sh", PROJECT=ROOT, JUPYTER_TOKEN=token)
    assert (result.returncode == 0) == taken
    assert taken or ("at least 16" in result.stderr and result.stdout == "")


@pytest.mark.parametrize("wget", [True, False])
def test_health_tells_a_good_answer_from_a_bad_one_or_none(run: Run, tmp_path: Path, wget: bool) -> None:
    if wget and not shutil.which("wget"):
        pytest.skip("there is no wget here")

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/good" else 500)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    (tmp_path / "bin").mkdir()
    for name in ("sh", "wget") if wget else ("sh",):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        codes = [run("health.sh", f"{address}/{path}", PATH=tmp_path / "bin").returncode for path in ("good", "bad")]
        server.shutdown()
    assert codes[0] == 0
    assert codes[1] != 0
    assert run("health.sh", "http://127.0.0.1:9/", PATH=tmp_path / "bin").returncode != 0


def test_install_takes_the_projects_own_pins(run: Run, stand_in: Callable[..., Path], tmp_path: Path) -> None:
    new = tmp_path / "new"
    python = stand_in("python", place=new / "bin")
    maker = stand_in("maker", f'mkdir -p "$3/bin" && [ -e "$3/bin/python" ] || cp {python} "$3/bin/python"')
    for name, said in (
        ("dependencies", "--require-hashes --no-deps --requirement requirements.lock"),
        ("dependencies", "--require-hashes --no-deps --requirement locks/cuda.lock"),
        ("project", "--no-deps --no-build-isolation --editable ."),
        ("lab", f"--require-hashes --no-deps --requirement {FOLDER}/lab.lock"),
    ):
        result = run("install.sh", name, new, PYTHON=maker)
        assert result.returncode == 0, result.stderr
        assert said in result.stdout
    result = run("install.sh", "mxnet", tmp_path / "mxnet", new, PYTHON=maker)
    assert result.returncode == 0, result.stderr
    for lock in ("tests/export/mxnet/requirements.lock", f"{FOLDER}/mxnet-kernel.lock"):
        assert f"--require-hashes --no-deps --requirement {lock}\n" in result.stdout
    assert f"-m ipykernel install --prefix {new} --name mxnet" in result.stdout
    stand_in("python", "echo 2.13.0+cpu", place=new / "bin")
    assert "cuda" not in run("install.sh", "dependencies", new, PYTHON=maker).stdout
    for wrong in ((), ("nothing", new)):
        assert run("install.sh", *wrong, PYTHON=maker).returncode == 2


def test_the_systems_libraries_are_installed_where_they_exist(
    run: Run, stand_in: Callable[..., Path], tmp_path: Path
) -> None:
    stand_in("apt-get")
    stand_in("apt-cache", '[ "$2" != libquadmath0 ]')
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "debian").touch()
    result = run("system.sh", "libgomp1", "libquadmath0", LISTS=tmp_path / "lists")
    assert result.returncode == 0, result.stderr
    assert "apt-get install -y -q --no-install-recommends libgomp1\n" in result.stdout
    assert "left out, not known here: libquadmath0" in result.stdout
    assert list((tmp_path / "lists").iterdir()) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_the_user_owns_what_it_writes(run: Run, stand_in: Callable[..., Path], tmp_path: Path) -> None:
    for name in ("groupadd", "useradd"):
        stand_in(name)
    result = run("user.sh", 10001, tmp_path / "a", tmp_path / "b")
    assert result.returncode == 0, result.stderr
    assert [(tmp_path / name).stat().st_uid for name in "ab"] == [10001, 10001]
    assert "useradd --no-log-init --no-create-home" in result.stdout


def test_the_site_is_built_in_the_environment_that_is_there_and_packed(
    stand_in: Callable[..., Path], tmp_path: Path
) -> None:
    stand_in("npm")
    stand_in("make", f"mkdir {tmp_path}/site", f"head -c 5000 /dev/zero >{tmp_path}/site/index.html")
    script = tmp_path / "containers" / "build-site.sh"
    shutil.copytree(FOLDER, script.parent)
    path = f"{tmp_path}/bin:{Path(sys.executable).parent}:/usr/bin:/bin"
    venv = tmp_path / "venv"
    venv.mkdir()
    result = subprocess.run(
        [script, venv], env={"PATH": path}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"make report SERVE=0 BIN={venv}/bin PY_INSTALLED={venv}/.installed\n")
    assert (venv / ".installed").is_file()
    assert gzip.decompress((tmp_path / "site" / "index.html.gz").read_bytes()) == bytes(5000)


def test_only_what_packs_well_gets_a_copy_and_always_the_same(run: Run, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    noise = os.urandom(5000)
    for name, content in {"a.html": b"x" * 5000, "small.html": b"x", "b.onnx": noise, "c.png": b"x" * 5000}.items():
        (site / name).write_bytes(content)
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    copies = set()
    for _ in range(2):
        result = run("precompress.py", site, PATH=path)
        assert result.stdout.startswith("5,000 bytes packed to ")
        copies.add((site / "a.html.gz").read_bytes())
    assert sorted(each.name for each in site.glob("*.gz")) == ["a.html.gz"]
    assert len(copies) == 1
