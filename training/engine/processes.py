"""The processes that train together: how many there are, which one this is, and signals to stop.

A recipe does not say how many: torchrun and Slurm's srun do, in the environment.
"""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Iterable
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from training.core.errors import RunError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch
    from lightning_fabric import Fabric

    from training.core.metrics import Predict
    from training.triggers.base import Images

# Lightning's hint to an ordinary process where Slurm is installed: nothing is wrong
warnings.filterwarnings("ignore", message="The `srun` command is available on your system but is not used")

SYNC_EVERY = 16
"""Steps between two checks whether another process received a signal; each check is a message."""


class Layout(NamedTuple):
    """How processes are spread over machines, in Fabric's terms."""

    devices: str | int
    """Per machine."""
    nodes: int
    """Number of machines."""
    launched: bool
    """Whether torchrun or srun started this process as one of several (or as the only one)."""

    @property
    def strategy(self) -> str:
        """Fabric's strategy; Fabric's own choice is a single process if each machine has one device."""
        alone = self.launched and self.nodes == 1 and self.devices == 1
        return "ddp" if self.launched and not alone else "auto"


def layout(devices: str | int = "auto") -> Layout:
    """How many processes train together, as torchrun or srun says, or as requested.

    Raises:
        RunError: If `devices` contradicts the launcher, or the machines have unequal numbers of tasks.
    """
    found = _launched()
    if found is None:
        return Layout(devices, 1, launched=False)
    total, nodes, launcher = found
    each, rest = divmod(total, nodes)
    if rest:
        raise RunError(f"{launcher} started {total} processes on {nodes} machines; all must have equally many")
    if str(devices) not in {"auto", str(each)}:
        raise RunError(f"--devices {devices}: {launcher} started {each} processes on each machine; leave --devices out")
    return Layout(each, nodes, launched=True)


def require_one(why: str) -> None:
    """Refuse to run as one of several processes.

    Raises:
        RunError: If this is one of several.
    """
    found = _launched()
    if found is not None and found[0] > 1:
        raise RunError(f"{why}, which one process does: {found[2]} started {found[0]}")


def _launched() -> tuple[int, int, str] | None:
    """Processes, machines and the launcher's name, if a launcher started this process."""
    if _under_torchrun():
        return int(os.environ["WORLD_SIZE"]), int(os.environ.get("GROUP_WORLD_SIZE", "1")), "torchrun"
    # a batch script without srun has Slurm's other variables, but is not a step
    if under_srun():
        return int(os.environ["SLURM_NTASKS"]), int(os.environ.get("SLURM_NNODES", "1")), "srun"
    return None


def _under_torchrun() -> bool:
    return "TORCHELASTIC_RUN_ID" in os.environ


def under_srun() -> bool:
    """Whether srun started this process itself, and not a torchrun below it."""
    return not _under_torchrun() and "SLURM_STEP_ID" in os.environ and "SLURM_NTASKS" in os.environ


def rank() -> int:
    """Which of the processes that train together this one is, counted from 0; known before they connect."""
    names = ["RANK", *(["SLURM_PROCID"] if under_srun() else []), "LOCAL_RANK"]
    return next((int(os.environ[name]) for name in names if name in os.environ), 0)


def restarted() -> bool:
    """Whether Slurm or torchrun restarted this job: it then resumes without being asked to."""
    return any(
        os.environ.get(name, "0").isdigit() and int(os.environ.get(name, "0")) > 0
        for name in ("SLURM_RESTART_COUNT", "TORCHELASTIC_RESTART_COUNT")
    )


def total(fabric: Fabric, values: list[float]) -> list[float]:
    """Each value summed over all processes."""
    if fabric.world_size == 1:
        return values
    import torch  # noqa: PLC0415 - seconds to import

    found: list[float] = _sum(fabric, torch.tensor(values, dtype=torch.float64, device=fabric.device)).tolist()
    return found


def spread(fabric: Fabric, mine: torch.Tensor, count: int) -> torch.Tensor:
    """Gather `count` rows that are spread over the processes, on the device of each.

    Args:
        fabric: Of all of them.
        mine: This process' rows: every world-th, starting at its rank.
        count: Rows in total.
    """
    rows = mine.new_zeros((count, *mine.shape[1:]), device=fabric.device)
    rows[fabric.global_rank :: fabric.world_size] = mine.to(fabric.device)
    return _sum(fabric, rows)  # each row is non-zero in one process only


def _sum(fabric: Fabric, values: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = fabric.all_reduce(values, reduce_op="sum")  # type: ignore[assignment]  # of the same type
    return found


def shared(predict: Predict, fabric: Fabric) -> Predict:
    """The same function with its images divided among all processes; each process gets every answer.

    Measurements made with it count each image once, and are the same in every process.
    """
    if fabric.world_size == 1:
        return predict
    import torch  # noqa: PLC0415 - seconds to import

    def together(images: Images) -> npt.NDArray[np.float32]:
        mine = range(fabric.global_rank, len(images), fabric.world_size)
        # a process without an image predicts one for the answer's shape
        answers = torch.from_numpy(predict(images[list(mine) or [0]]))[: len(mine)]
        found: npt.NDArray[np.float32] = spread(fabric, answers, len(images)).cpu().numpy()
        return found

    return together


class Stopped(Exception):  # noqa: N818 - not an error: it was asked to stop
    """Training received a signal to stop, and saved everything needed to resume."""

    def __init__(self, number: int, where: str) -> None:
        """`number` is the signal's; `where` describes how far training got."""
        super().__init__(where)
        self.number = number


class Stop:
    """A context that listens for a signal to stop, as Slurm sends before it reclaims a machine.

    Contexts may be nested: an inner one starts with the signal that the outer one received.
    """

    def __init__(self, signals: Iterable[signal.Signals] = (signal.SIGTERM, signal.SIGUSR2)) -> None:
        """The signals to listen for."""
        self.received: int | None = None
        self._signals = list(signals)
        self._before: dict[int, signal._HANDLER] = {}

    def __enter__(self) -> Self:
        # only the main thread may; elsewhere (a notebook's worker) no signals arrive
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._receive) for number in self._signals}
            outer = (getattr(handler, "__self__", None) for handler in self._before.values())
            earlier = [one.received for one in outer if isinstance(one, Stop) and one.received]
            self.received = earlier[0] if earlier else self.received
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, _: FrameType | None) -> None:
        self.received = number

    def agreed(self, fabric: Fabric, step: int) -> int | None:
        """The signal if any process received one; every process gets the same answer at the same step."""
        if fabric.world_size == 1:
            return self.received
        if step % SYNC_EVERY:
            return None
        import torch  # noqa: PLC0415 - seconds to import

        received = torch.tensor([float(self.received or 0)], device=fabric.device)
        # a sum above zero means that some process received a signal; which one matters only to that process
        return self.received or (int(signal.SIGTERM) if float(_sum(fabric, received)) else None)
