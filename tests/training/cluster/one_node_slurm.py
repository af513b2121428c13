"""A real Slurm on this one machine, for as long as it is needed: Debian's packages, everything of its own.

    python -m tests.training.cluster.one_node_slurm COMMAND ...

runs a command with a Slurm around it (`sinfo`, `sbatch` and `srun` just work in it) and takes the Slurm down again.
Nothing outside a temporary folder is read or written, nothing but loopback is listened on, and daemons are ended by
their process ids. It runs as whoever starts it, root or not.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
COMMANDS = ("sbatch", "srun", "squeue", "scontrol", "scancel", "sinfo")
PATIENCE = 60.0
"""Seconds until a node must be ready, on a busy machine."""
CONFIGURATION = """\
ClusterName=backdoors
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmctldPort={controller}
SlurmdPort={node}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
JobRequeue=1
ReturnToService=2
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
KillWait=20
MinJobAge=60
SlurmctldTimeout=30
SlurmdTimeout=60
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=test Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


class NoSlurmError(Exception):
    """This machine cannot have one; says why."""


def why_not() -> str | None:
    """What is missing for a Slurm here, None if nothing is."""
    missing = [name for name in (*DAEMONS, *COMMANDS) if _find(name) is None]
    if missing:
        return f"Slurm is not installed (no {', '.join(missing)}): apt-get install slurm-wlm munge"
    return None


@contextlib.contextmanager
def slurm(cpus: int = 2) -> Iterator[dict[str, str]]:
    """A Slurm with one node of so many processors; yields the environment in which its commands find it.

    Raises:
        NoSlurmError: If there can be none here, or the node does not come up.
    """
    reason = why_not()
    if reason:
        raise NoSlurmError(reason)
    with tempfile.TemporaryDirectory(prefix="slurm-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)  # munged refuses a folder that others may write to, and one that they may not enter
        for part in ("state", "spool"):
            (folder / part).mkdir()
        configuration = folder / "slurm.conf"
        configuration.write_text(
            CONFIGURATION.format(
                host=socket.gethostname().partition(".")[0], folder=folder, cpus=cpus, user=getpass.getuser(),
                controller=_free_port(), node=_free_port(),
            ),
            encoding="utf-8",
        )  # fmt: skip
        environment = os.environ | {"SLURM_CONF": str(configuration)}
        _start_munge(folder, environment, stack)
        _start("slurmctld", ["-D", "-c"], folder, environment, stack)
        _start("slurmd", ["-D", "-c"], folder, environment, stack)
        _wait_for_node(folder, environment)
        stack.callback(_end_jobs, environment)
        yield environment


def _find(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _start(
    name: str, options: list[str], folder: Path, environment: dict[str, str], stack: contextlib.ExitStack
) -> subprocess.Popen[bytes]:
    """A daemon in the foreground, its words in a file, ended with the stack."""
    words = stack.enter_context((folder / f"{name}.out").open("wb"))
    process = subprocess.Popen([_find(name) or name, *options], stdout=words, stderr=words, env=environment)
    stack.callback(_end, process)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_jobs(environment: dict[str, str]) -> None:
    """End what a test that failed has left in the queue: no daemon would when it is gone itself."""

    def ask(*command: str) -> str:
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60).stdout

    ask("scancel", "--me")
    deadline = time.monotonic() + 30
    while ask("squeue", "--noheader", "--me").strip() and time.monotonic() < deadline:
        time.sleep(0.5)


def _start_munge(folder: Path, environment: dict[str, str], stack: contextlib.ExitStack) -> None:
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    options = [
        f"--{option}={folder}/munge.{ending}"
        for option, ending in (
            ("key-file", "key"), ("socket", "socket"), ("pid-file", "pid"), ("log-file", "log"), ("seed-file", "seed"),
        )
    ]  # fmt: skip
    process = _start("munged", ["--foreground", "--force", *options], folder, environment, stack)
    deadline = time.monotonic() + PATIENCE
    while not (folder / "munge.socket").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise NoSlurmError(f"munged did not start: {_words(folder, 'munged.out')}")
        time.sleep(0.05)


def _wait_for_node(folder: Path, environment: dict[str, str]) -> None:
    """Wait until the node takes jobs."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            answer = subprocess.run(
                [_find("sinfo") or "sinfo", "--noheader", "--format=%T"],
                env=environment, capture_output=True, text=True, check=False, timeout=20,
            )  # fmt: skip
            state = answer.stdout.strip()
        except subprocess.TimeoutExpired:
            state = "no answer"
        if state == "idle":
            return
        if time.monotonic() > deadline:
            said = "; ".join(_words(folder, name) for name in ("slurmctld.log", "slurmd.log", "slurmd.out"))
            raise NoSlurmError(f"the node is '{state}': {said}")
        time.sleep(0.2)


def _words(folder: Path, name: str) -> str:
    path = folder / name
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    return f"{name}: {' / '.join(text.splitlines()[-4:]) or 'empty'}"


def main() -> int:
    """Run the command given."""
    try:
        with slurm(cpus=os.cpu_count() or 1) as environment:
            return subprocess.run(sys.argv[1:] or ["sinfo"], env=environment, check=False).returncode
    except NoSlurmError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
